#!/bin/sh
echo no json here
echo oops >&2
exit 3
