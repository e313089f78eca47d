package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestChoosePort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	taken := l.Addr().(*net.TCPAddr).Port
	if _, err := choosePort("127.0.0.1", taken); err == nil || !strings.Contains(err.Error(), "-port") {
		t.Errorf("error %v for a taken port, want one that names -port", err)
	}
	if port, err := choosePort("127.0.0.1", 0); err != nil || port < firstPort {
		t.Errorf("choosePort = %d, %v", port, err)
	}
}

func TestReachable(t *testing.T) {
	for ip, want := range map[string]string{"127.0.0.1": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1", "10.1.2.3": "10.1.2.3", "localhost": "localhost"} {
		if got := reachable(ip); got != want {
			t.Errorf("reachable(%s) = %s, want %s", ip, got, want)
		}
	}
}

func TestWait(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "token secret" {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	if err := wait(t.Context(), address, "secret", nil); err != nil {
		t.Errorf("wait: %v", err)
	}
	ended := make(chan struct{})
	close(ended)
	if err := wait(t.Context(), address, "wrong", ended); !errors.Is(err, errEnded) {
		t.Errorf("error %v after the server ended", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := wait(ctx, address, "wrong", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after cancelling", err)
	}
}

func TestTailKeepsWholeLines(t *testing.T) {
	var last tail
	for i := range keep + 5 {
		for _, part := range []string{"li", fmt.Sprintf("ne %d\n", i)} {
			if _, err := last.Write([]byte(part)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(last.lines) != keep || last.lines[keep-1] != fmt.Sprintf("line %d", keep+4) {
		t.Errorf("kept %d lines, the last %q", len(last.lines), last.lines[len(last.lines)-1])
	}
}

func TestTokensDiffer(t *testing.T) {
	a, err1 := newToken()
	b, err2 := newToken()
	if err1 != nil || err2 != nil || a == b || len(a) != 48 {
		t.Errorf("tokens %q and %q, %v, %v", a, b, err1, err2)
	}
}
