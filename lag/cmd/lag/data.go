package main

// dataCommands are what `lag data` does.
var dataCommands = []command{
	{"encode", "", "encode lines from standard input: a line of space-separated ids each", dataEncode, nil},
}
