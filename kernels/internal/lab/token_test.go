package lab

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/proc"
)

// TestServerWithoutToken: servers that need no token, or that take any, are not
// opened.
func TestServerWithoutToken(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"everybody": func(http.ResponseWriter, *http.Request) {},
		"any token": func(w http.ResponseWriter, r *http.Request) { refuse(w, r.Header.Get("Authorization") != "") },
		"no token": func(w http.ResponseWriter, r *http.Request) {
			refuse(w, r.Header.Get("Authorization") != "token not-secret")
		},
		"a page later": func(w http.ResponseWriter, r *http.Request) {
			later(w, r.Header.Get("Authorization") == "token secret")
		},
	} {
		server := httptest.NewServer(handler)
		err := wait(t.Context(), strings.TrimPrefix(server.URL, "http://"), "secret", nil)
		server.Close()
		if err == nil || !strings.Contains(err.Error(), "was not refused") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func refuse(w http.ResponseWriter, accepted bool) {
	if !accepted {
		w.WriteHeader(http.StatusForbidden)
	}
}

func later(w http.ResponseWriter, accepted bool) {
	if !accepted {
		w.Header().Set("Location", "/lab")
		w.WriteHeader(http.StatusFound)
	}
}

func TestChooseToken(t *testing.T) {
	for _, given := range []string{"secret", "a?b&c=%20", "p@ss~"} {
		if token, err := chooseToken(given); err != nil || token != given {
			t.Errorf("chooseToken(%q) = %q, %v", given, token, err)
		}
	}
	for _, given := range []string{"~", "~/x", `"a"`, "'a'", "a b", "a\n", "é"} {
		if token, err := chooseToken(given); err == nil || !strings.Contains(err.Error(), "-token") {
			t.Errorf("chooseToken(%q) = %q, %v, want an error", given, token, err)
		}
	}
}

// TestForeignConfiguration starts JupyterLab with configurations that switch the
// token off in all places where Jupyter looks for them, except this checkout's
// own directory.
func TestForeignConfiguration(t *testing.T) {
	c, err := checkout.Find(".")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(c.Python()); err != nil || testing.Short() {
		t.Skip("needs JupyterLab, which `go run ./kernels setup` installs, and no -short")
	}
	root := t.TempDir()
	here := checkout.Checkout{Root: filepath.Join(root, "check out")}
	if err := os.MkdirAll(here.Private(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(c.Venv(), here.Venv()); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := os.MkdirAll(here.Notebooks(), 0o755); err != nil {
		t.Fatal(err)
	}
	open := map[string]any{
		"IdentityProvider": map[string]any{"token": ""},
		"ServerApp": map[string]any{"token": "", "base_url": "/elsewhere", "allow_origin": "*", "disable_check_xsrf": true,
			"identity_provider_class": "jupyter_server.auth.identity.IdentityProvider"},
	}
	text, err := json.Marshal(open)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "foreign")
	for _, sub := range []string{"", "jupyter", ".jupyter", "Library/Jupyter"} {
		for _, name := range []string{"jupyter_config.json", "jupyter_server_config.json", "jupyter_lab_config.json"} {
			path := filepath.Join(dir, sub, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte("known"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"JUPYTER_CONFIG_PATH": dir, "JUPYTER_CONFIG_DIR": dir, "JUPYTER_PLATFORM_DIRS": "1", "XDG_CONFIG_DIRS": dir, "XDG_CONFIG_HOME": dir,
		"HOME": dir, "JUPYTER_TOKEN": "", "JUPYTER_TOKEN_FILE": file, "JUPYTER_NO_CONFIG": "1", "JUPYTER_PORT": "1", "JUPYTER_PREFER_ENV_PATH": "0",
	} {
		t.Setenv(name, value)
	}
	config, err := writeConfig(here)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := command(t.Context(), here, here.Notebooks(), config, "127.0.0.1", port, "secret-of-ours")
	var last tail
	cmd.Stdout, cmd.Stderr = &last, &last
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	defer func() { _ = proc.Terminate(cmd.Process); <-ended }()
	if strings.Contains(strings.Join(cmd.Args, " "), "secret-of-ours") {
		t.Error("the token is an argument, which every user can list")
	}
	address := "127.0.0.1:" + strconv.Itoa(port)
	if err := wait(t.Context(), address, "secret-of-ours", ended); err != nil {
		t.Fatalf("%v\n%s", err, last.String())
	}
	if status, err := ask(t.Context(), address, "known"); err != nil || status != http.StatusForbidden {
		t.Errorf("the token of JUPYTER_TOKEN_FILE: status %d, %v", status, err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/api/kernelspecs", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "http://example.com")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if origin := resp.Header.Get("Access-Control-Allow-Origin"); origin != "" {
		t.Errorf("scripts from %q may use the server", origin)
	}
}
