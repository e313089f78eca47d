package watch

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed page
var page embed.FS

// pageFiles are the files of the page and their types.
var pageFiles = map[string]string{
	"":          "text/html; charset=utf-8",
	"style.css": "text/css; charset=utf-8",
	"plot.js":   "text/javascript; charset=utf-8",
	"watch.js":  "text/javascript; charset=utf-8",
}

// pageFile returns a file of the page.
func pageFile(name string) ([]byte, error) {
	if name == "" {
		name = "index.html"
	}
	return page.ReadFile("page/" + name)
}

// least is the least time between two readings of the directory. A reading that
// takes long, as on a slow network file system, makes it longer.
const least = 900 * time.Millisecond

// Server shows a directory as a page. It is an [http.Handler].
type Server struct {
	watcher *Watcher
	token   string
	hosts   []string // that a request may name

	mu   sync.Mutex
	next time.Time // earliest time of the next reading
}

// NewServer returns a server for what a watcher reads. address is that on which it
// will be reached, such as "127.0.0.1:8765".
func NewServer(w *Watcher, address string) (*Server, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("the address of the page: %w", err)
	}
	return &Server{watcher: w, token: rand.Text(), hosts: []string{"127.0.0.1:" + port, "localhost:" + port}}, nil
}

// Path returns the path of the page, with the token without which nothing is
// shown: "/TOKEN/".
func (s *Server) Path() string { return "/" + s.token + "/" }

// ServeHTTP implements [http.Handler]. It answers GET and HEAD alone, for requests
// to this machine by name or number. Another name means that a foreign page made
// the browser take this server for its own (DNS rebinding).
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if !s.isHost(r.Host) {
		http.Error(w, "this page is only for this machine: use 127.0.0.1 or localhost", http.StatusForbidden)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "nothing can be changed here", http.StatusMethodNotAllowed)
		return
	}
	token, name, slash := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if subtle.ConstantTimeCompare([]byte(token), []byte(s.token)) != 1 || !slash {
		http.Error(w, "not found: use the whole address that was printed, with its token", http.StatusNotFound)
		return
	}
	if name == "state" {
		s.state(w, r)
		return
	}
	kind, ok := pageFiles[name]
	text, err := pageFile(name)
	if !ok || err != nil {
		http.NotFound(w, r)
		return
	}
	h.Set("Content-Type", kind)
	_, _ = w.Write(text) // whoever asked may have left
}

func (s *Server) isHost(host string) bool {
	for _, allowed := range s.hosts {
		if strings.EqualFold(host, allowed) {
			return true
		}
	}
	return false
}

// state answers with the state since a version.
func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	since, err := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64)
	if err != nil || since < 0 {
		since = 0
	}
	if err := s.refresh(r.Context()); err != nil {
		return // whoever asked has left
	}
	text, err := json.Marshal(s.watcher.State(since))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

// refresh reads the directory, unless that was done just now.
func (s *Server) refresh(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	begun := time.Now()
	if begun.Before(s.next) {
		return nil
	}
	err := s.watcher.Refresh(ctx)
	pause := max(least, 4*time.Since(begun))
	if s.watcher.reading() {
		pause = 0
	}
	s.next = time.Now().Add(pause)
	return err
}

// Serve shows a directory on a port of 127.0.0.1 until the context is canceled,
// which is no error. Port 0 is one that is free. ready receives the address of the
// page, which includes a random token: only who knows it can read. Nothing can be
// changed through the page.
func Serve(ctx context.Context, dir string, port int, ready func(address string)) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("the page cannot be served: %w", err)
	}
	s, err := NewServer(New(dir), listener.Addr().String())
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 1 << 14,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ready("http://" + listener.Addr().String() + s.Path())
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		stopped <- server.Close() // the page asks all the time, so there is no quiet moment to wait for
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}
