//go:build !unix

package main

import "os/exec"

func ownGroup(*exec.Cmd) {}

func pause(*exec.Cmd) error { return nil }

func resume(*exec.Cmd) error { return nil }

func end(cmd *exec.Cmd) error { return cmd.Process.Kill() }
