package main

import "testing"

func (s server) lifecycle(t *testing.T, url, dir string, c company) {}
