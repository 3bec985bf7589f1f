#!/bin/sh
echo "{\"msg\": \"of the path\"}"
