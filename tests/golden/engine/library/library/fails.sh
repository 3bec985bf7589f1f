#!/bin/sh
echo "{\"rc\": 2, \"msg\": \"did not work\"}"
