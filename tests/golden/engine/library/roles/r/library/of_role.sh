#!/bin/sh
echo "{\"msg\": \"of the role\"}"
