package nbrun

import (
	"encoding/json"
	"testing"
)

func TestWithoutHome(t *testing.T) {
	const notebook = `{"cells":[{"source":["dir := \"/home/ada/x\""],"outputs":[
 {"name":"stdout","text":["file=/home/ada/.cache/m\n", "dir=/home/adalbert/x\n"]},
 {"data":{"text/plain":["none"]}}]}]}`
	const want = `{"cells":[{"source":["dir := \"/home/ada/x\""],"outputs":[
 {"name":"stdout","text":["file=~/.cache/m\n", "dir=/home/adalbert/x\n"]},
 {"data":{"text/plain":["none"]}}]}]}`
	got := string(withoutHome([]byte(notebook), "/home/ada"))
	if got != want || !json.Valid([]byte(got)) {
		t.Errorf("the notebook became %s", got)
	}
	for _, home := range []string{"", "/", "/home/grace"} {
		if got := string(withoutHome([]byte(notebook), home)); got != notebook {
			t.Errorf("with the home %q it became %s", home, got)
		}
	}
	if got := string(withoutHome([]byte("/home/ada/x"), "/home/ada")); got != "/home/ada/x" {
		t.Errorf("what is no notebook became %s", got)
	}
}
