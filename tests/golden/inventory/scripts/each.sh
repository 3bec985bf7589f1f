#!/bin/sh
case "$1" in
--list) echo '{"web": ["b1", "b2"]}';;
--host) echo '{"asked": "'$2'"}';;
esac
