#!/bin/sh
echo "{\"msg\": \"not the built-in one\"}"
