// Package lab runs JupyterLab on the notebooks of a checkout.
package lab

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/atomicfile"
	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/kernelspec"
	"github.com/landscape-aware/growing/kernels/internal/proc"
)

// Options are the options for running JupyterLab.
type Options struct {
	Dir     string // directory to open; it is made if it does not exist
	IP      string // address to listen on
	Port    int    // 0 means the first free port from 8888
	Browser bool
	Token   string // "" means a new random token
}

//go:embed serve.py
var serve string

// startup is the time limit for JupyterLab to answer.
const startup = 2 * time.Minute

// firstPort is Jupyter's default port.
const firstPort = 8888

// Run starts JupyterLab and prints its address. When the context is canceled it
// stops JupyterLab and its kernels, and returns after they have ended.
func Run(ctx context.Context, c checkout.Checkout, o Options) error {
	port, err := choosePort(o.IP, o.Port)
	if err != nil {
		return err
	}
	token, err := chooseToken(o.Token)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return fmt.Errorf("making the directory of notebooks: %w", err)
	}
	config, err := writeConfig(c)
	if err != nil {
		return err
	}
	cmd := command(ctx, c, o.Dir, config, o.IP, port, token)
	control, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("starting JupyterLab: %w", err)
	}
	var last tail
	cmd.Stdout, cmd.Stderr = &last, &last
	// On SIGTERM JupyterLab stops its kernels without asking.
	cmd.Cancel = func() error {
		log.Info("stopping JupyterLab and its kernels")
		return proc.Terminate(cmd.Process)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting JupyterLab: %w", err)
	}
	ended := make(chan struct{})
	var endErr error // valid after ended is closed
	go func() { endErr = cmd.Wait(); close(ended) }()
	address := net.JoinHostPort(o.IP, strconv.Itoa(port))
	if err := wait(ctx, address, token, ended); err != nil {
		if ctx.Err() != nil {
			<-ended
			return ctx.Err()
		}
		select {
		case <-ended:
			err = errors.Join(err, endErr)
		default:
			_ = proc.Terminate(cmd.Process)
			<-ended
		}
		return fmt.Errorf("JupyterLab did not start: %w\n%s", err, last.String())
	}
	log.Info("JupyterLab is ready; Ctrl-C stops it")
	fmt.Printf("\n    http://%s/lab?token=%s\n\n", address, url.QueryEscape(token))
	if o.Browser {
		if _, err := io.WriteString(control, "open\n"); err != nil {
			log.Warn("JupyterLab cannot be told to open a browser; open the address above", "error", err)
		}
	}
	<-ended
	if ctx.Err() != nil {
		log.Info("stopped")
		return nil
	}
	if endErr != nil {
		return fmt.Errorf("JupyterLab ended: %w\n%s", endErr, last.String())
	}
	return nil
}

// command returns the command that runs JupyterLab. Its arguments win over all
// configuration files, and it reads none but those of this checkout.
func command(ctx context.Context, c checkout.Checkout, dir, config, ip string, port int, token string) *exec.Cmd {
	return proc.Make(ctx, proc.Command{
		Args: []string{c.Python(), "-I", "-c", serve,
			"--config=" + config,
			"--ServerApp.ip=" + ip, "--ServerApp.port=" + strconv.Itoa(port), "--ServerApp.port_retries=0", "--ServerApp.base_url=/",
			"--ServerApp.identity_provider_class=jupyter_server.auth.identity.PasswordIdentityProvider",
			"--ServerApp.allow_origin=", "--ServerApp.allow_origin_pat=", "--ServerApp.disable_check_xsrf=False",
			"--ServerApp.open_browser=False", "--ServerApp.root_dir=" + dir, "--ServerApp.allow_root=True"},
		Dir: dir,
		// Not an argument, because every user can list the arguments of a process.
		Env:  append(c.JupyterEnv(), "JUPYTER_TOKEN="+token),
		Drop: checkout.JupyterVariables,
	})
}

// writeConfig writes the configuration of JupyterLab: only this checkout's
// kernels, CPU as the default, and no news from the internet.
func writeConfig(c checkout.Checkout) (path string, err error) {
	names := []string{} // not nil, which Jupyter refuses
	for name := range kernelspec.Installed(c) {
		names = append(names, name)
	}
	config := map[string]any{
		"MappingKernelManager": map[string]any{"default_kernel_name": kernelspec.Default},
		"MultiKernelManager":   map[string]any{"default_kernel_name": kernelspec.Default},
		"KernelSpecManager":    map[string]any{"allowed_kernelspecs": names, "ensure_native_kernel": false},
	}
	data, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return "", fmt.Errorf("writing JupyterLab's configuration: %w", err)
	}
	// By default JupyterLab asks at its first start whether it may fetch news.
	pages := c.Jupyter("config", "labconfig", "page_config.json")
	// The first completion of all takes gopls 20 s, unless its cache is warm.
	// JupyterLab's completion gives up after 1 s by default.
	defaults := c.Jupyter("config", "labconfig", "default_setting_overrides.json")
	path = c.Jupyter("config", "lag_config.json")
	for file, content := range map[string][]byte{
		path:     data,
		pages:    []byte(`{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}` + "\n"),
		defaults: []byte(`{"@jupyterlab/completer-extension:manager": {"providerTimeout": 20000}}` + "\n"),
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return "", fmt.Errorf("writing JupyterLab's configuration: %w", err)
		}
		if err := atomicfile.WriteBytes(file, content); err != nil { // another JupyterLab may be reading it
			return "", fmt.Errorf("writing JupyterLab's configuration: %w", err)
		}
	}
	return path, nil
}

var errEnded = errors.New("it ended")

// chooseToken returns the given token, or a new one if it is empty.
func chooseToken(given string) (string, error) {
	switch {
	case given == "":
		return newToken()
	case strings.HasPrefix(given, "~") || strings.Trim(given, `"'`) != given || strings.ContainsFunc(given, func(r rune) bool { return r <= ' ' || r > '~' }):
		// Jupyter would take another: it expands ~, removes quotes, and reads a header.
		return "", errors.New("the token must be of printable ASCII characters without spaces, and neither begin with ~ nor with or end in a quote; choose another with -token")
	}
	return given, nil
}

func newToken() (string, error) {
	var b [24]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("making a token: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// choosePort returns the given port if it is free, or the first free port if
// asked is 0.
func choosePort(ip string, asked int) (int, error) {
	ports := []int{asked}
	if asked == 0 {
		ports = nil
		for port := firstPort; port < firstPort+50; port++ {
			ports = append(ports, port)
		}
	}
	var err error
	for _, port := range ports {
		var l net.Listener
		if l, err = net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	if asked != 0 {
		return 0, fmt.Errorf("port %d is not free: %w; choose another with -port", asked, err)
	}
	return 0, fmt.Errorf("no free port from %d to %d: %w; choose one with -port", firstPort, firstPort+49, err)
}

// client sends the requests of wait: to the server itself, through no proxy and
// to no other address.
var client = &http.Client{
	Timeout:       10 * time.Second,
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// wait waits until the server accepts the token, and checks that it refuses
// requests without it.
func wait(ctx context.Context, address, token string, ended <-chan struct{}) error {
	deadline := time.After(startup)
	for {
		if status, err := ask(ctx, address, token); err == nil && status == http.StatusOK {
			return checkRefused(ctx, address, token)
		}
		select {
		case <-ended:
			return errEnded
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return fmt.Errorf("no answer at %s within %s", address, startup)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// checkRefused returns an error unless the server refuses requests without a
// token and with a wrong one. Whoever reaches the port could otherwise run
// programs as this user.
func checkRefused(ctx context.Context, address, token string) error {
	for _, wrong := range []string{"", "not-" + token} {
		status, err := ask(ctx, address, wrong)
		if err != nil {
			return fmt.Errorf("checking that %s needs the token: %w", address, err)
		}
		if status != http.StatusForbidden && status != http.StatusUnauthorized {
			return fmt.Errorf("a request to %s without the right token was not refused (status %d), so anybody who can reach it could use it; JupyterLab is stopped. Look for settings of IdentityProvider or ServerApp in .lag/jupyter/config and in .lag/venv/etc/jupyter, and remove them", address, status)
		}
	}
	return nil
}

// ask sends a request, with a token unless it is empty, and returns the status
// of the answer.
func ask(ctx context.Context, address, token string) (status int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/api/kernelspecs", nil)
	if err != nil {
		return 0, err
	}
	if token != "" {
		req.Header.Set("Authorization", "token "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
