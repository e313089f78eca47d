package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestCommandLine(t *testing.T) {
	tests := []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "usage"},
		{[]string{"-h"}, 0, "doctor"},
		{[]string{"labb"}, exitUsage, `unknown command "labb"`},
		{[]string{"setup", "extra"}, exitUsage, `unexpected argument "extra"`},
		{[]string{"lab", "-port", "x"}, exitUsage, "-port"},
		{[]string{"lab", "-port", "70000"}, exitUsage, "65535"},
		{[]string{"run", "-timeout", "-1s"}, exitUsage, "-timeout"},
		{[]string{"doctor", "-nosuch"}, exitUsage, "-nosuch"},
	}
	for _, test := range tests {
		var stderr bytes.Buffer
		code := Main(test.args, &stderr)
		if code != test.code || !strings.Contains(stderr.String(), test.want) {
			t.Errorf("%v: exit %d, %q, want %d and %q", test.args, code, stderr.String(), test.code, test.want)
		}
		if len(test.args) > 0 && test.code == exitUsage && strings.Count(stderr.String(), "\n") != 1 {
			t.Errorf("%v: %q, want one line", test.args, stderr.String())
		}
	}
}
