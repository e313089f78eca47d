// Package lab runs JupyterLab on the notebooks of a checkout.
package lab

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/kernels/internal/checkout"
	"github.com/landscape-aware/growing/kernels/internal/kernelspec"
	"github.com/landscape-aware/growing/kernels/internal/proc"
)

// Options are the options for running JupyterLab.
type Options struct {
	IP      string // address to listen on
	Port    int    // 0 means the first free port from 8888
	Browser bool
	Token   string // "" means a new random token
}

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
	token := o.Token
	if token == "" {
		if token, err = newToken(); err != nil {
			return err
		}
	}
	dir := c.Notebooks()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("making the directory of notebooks: %w", err)
	}
	config, err := writeConfig(c)
	if err != nil {
		return err
	}
	browser := strconv.FormatBool(o.Browser)
	cmd := proc.Make(ctx, proc.Command{
		Args: []string{c.Python(), "-m", "jupyterlab",
			"--config=" + config,
			"--ServerApp.ip=" + o.IP, "--ServerApp.port=" + strconv.Itoa(port), "--ServerApp.port_retries=0",
			"--ServerApp.open_browser=" + browser, "--ServerApp.root_dir=" + dir, "--ServerApp.allow_root=True"},
		Dir: dir,
		// Not an argument, because every user can list the arguments of a process.
		Env: append(c.JupyterEnv(), "JUPYTER_TOKEN="+token),
	})
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
	fmt.Printf("\n    http://%s/lab?token=%s\n\n", address, token)
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

// writeConfig writes the configuration of JupyterLab: only this checkout's
// kernels, CPU as the default, and no news from the internet.
func writeConfig(c checkout.Checkout) (path string, err error) {
	var names []string
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
	// GoNB needs 12 s to connect to gopls, which then loads the packages.
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
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return "", fmt.Errorf("writing JupyterLab's configuration: %w", err)
		}
	}
	return path, nil
}

var errEnded = errors.New("it ended")

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

// wait waits until the server accepts the token.
func wait(ctx context.Context, address, token string, ended <-chan struct{}) error {
	deadline := time.After(startup)
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/api/kernelspecs", nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "token "+token)
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
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
