#!/bin/sh
echo "no connection" >&2
exit 3
