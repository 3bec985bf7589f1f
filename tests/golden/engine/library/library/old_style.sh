#!/bin/sh
. "$1"
echo "{\"changed\": false, \"said\": \"$text\", \"number\": $number, \"truth\": \"$truth\"}"
