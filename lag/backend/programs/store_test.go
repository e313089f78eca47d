package programs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func key(b byte) Key { return Key{0: b, 31: 1} }

func open(t *testing.T, limit int64) *Store {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "made", "as needed"), limit)
	if err != nil {
		t.Skipf("nothing is kept on this system: %v", err)
	}
	return s
}

func save(t *testing.T, s *Store, k Key, program string) {
	t.Helper()
	if err := s.Save(k, []byte(program)); err != nil {
		t.Fatal(err)
	}
}

func TestStore(t *testing.T) {
	s := open(t, Limit)
	if _, err := s.Load(key(1)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty store returns %v", err)
	}
	for _, program := range []string{"code", "other code", ""} {
		save(t, s, key(1), program)
		if got, err := s.Load(key(1)); err != nil || string(got) != program {
			t.Errorf("got %q, %v; want %q", got, err, program)
		}
	}
	if _, err := s.Load(key(2)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another key returns %v", err)
	}
	if n, size, err := s.Size(); n != 1 || size != overhead || err != nil {
		t.Errorf("there are %d programs of %d bytes, %v; want one of %d", n, size, err, overhead)
	}
	if err := errors.Join(s.Remove(key(1)), s.Remove(key(1))); err != nil {
		t.Error(err)
	}
	if _, err := s.Load(key(1)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed program returns %v", err)
	}
}

// TestUnkept: that a program cannot be kept is forgotten after a while, however
// often it was asked for.
func TestUnkept(t *testing.T) {
	s := open(t, Limit)
	save(t, s, key(1), "")
	for age, want := range map[time.Duration]error{unkept - time.Hour: nil, unkept + time.Hour: fs.ErrNotExist} {
		then := time.Now().Add(-age)
		if err := os.Chtimes(s.path(key(1)), then, then); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if program, err := s.Load(key(1)); len(program) != 0 || !errors.Is(err, want) {
				t.Errorf("after %s: %q, %v; want %v", age, program, err, want)
			}
		}
	}
}

// TestRefused: a file that is not a whole program of the user is refused and removed.
func TestRefused(t *testing.T) {
	program := strings.Repeat("machine code ", 50)
	for name, damage := range map[string]func(s *Store, path string, data []byte) error{
		"empty":          func(_ *Store, path string, _ []byte) error { return os.WriteFile(path, nil, 0o600) },
		"cut short":      func(_ *Store, path string, data []byte) error { return os.WriteFile(path, data[:len(data)-1], 0o600) },
		"head only":      func(_ *Store, path string, data []byte) error { return os.WriteFile(path, data[:overhead], 0o600) },
		"half a head":    func(_ *Store, path string, data []byte) error { return os.WriteFile(path, data[:overhead/2], 0o600) },
		"longer":         func(_ *Store, path string, data []byte) error { return os.WriteFile(path, append(data, 0), 0o600) },
		"a bit of magic": func(_ *Store, path string, data []byte) error { data[3] ^= 1; return os.WriteFile(path, data, 0o600) },
		"a bit of the key": func(_ *Store, path string, data []byte) error {
			data[len(magic)] ^= 1
			return os.WriteFile(path, data, 0o600)
		},
		"a bit of the sum": func(_ *Store, path string, data []byte) error {
			data[overhead-1] ^= 1
			return os.WriteFile(path, data, 0o600)
		},
		"a bit of the program": func(_ *Store, path string, data []byte) error {
			data[overhead+100] ^= 1
			return os.WriteFile(path, data, 0o600)
		},
		"of another key": func(s *Store, path string, _ []byte) error {
			return errors.Join(s.Save(key(2), []byte("other")), os.Rename(s.path(key(2)), path))
		},
		"a directory": func(_ *Store, path string, _ []byte) error {
			return errors.Join(os.Remove(path), os.Mkdir(path, 0o700))
		},
		"others can write":  func(_ *Store, path string, _ []byte) error { return os.Chmod(path, 0o602) },
		"a group can write": func(_ *Store, path string, _ []byte) error { return os.Chmod(path, 0o660) },
		"a link": func(_ *Store, path string, _ []byte) error {
			return errors.Join(os.Rename(path, path+".elsewhere"), os.Symlink(path+".elsewhere", path))
		},
		"of another user": func(_ *Store, path string, _ []byte) error {
			if os.Geteuid() != 0 {
				return errSkip
			}
			return os.Chown(path, 12345, 12345)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, Limit)
			save(t, s, key(1), program)
			path := s.path(key(1))
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(s, path, bytes.Clone(data)); err == errSkip {
				t.Skip("only root can give a file away")
			} else if err != nil {
				t.Fatal(err)
			}
			if got, err := s.Load(key(1)); err == nil || errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("got %q, %v; want a refusal", got, err)
			} else if refused, ok := errors.AsType[*RefusedError](err); !ok || refused.Path != path {
				t.Errorf("got %T %v, want a RefusedError", err, err)
			}
			if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the file is still there: %v", err)
			}
			save(t, s, key(1), program)
			if got, err := s.Load(key(1)); err != nil || string(got) != program {
				t.Errorf("saved again: got %q, %v", got, err)
			}
		})
	}
}

var errSkip = errors.New("cannot be tested here")

// TestLimit: the programs that were not used for longest go, and what killed
// processes left.
func TestLimit(t *testing.T) {
	s := open(t, 3*(overhead+100))
	program := strings.Repeat("x", 100)
	age := func(name string, days int) {
		t.Helper()
		then := time.Now().AddDate(0, 0, -days)
		if err := os.Chtimes(filepath.Join(s.dir, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	for i := byte(1); i <= 3; i++ {
		save(t, s, key(i), program)
		age(filepath.Base(s.path(key(i))), 10-int(i))
	}
	a, b := strings.Repeat("a", 64)+".program", strings.Repeat("b", 64)+".program"
	for name, days := range map[string]int{a + ".00000000.tmp": 2, b + ".00000000.tmp": 0, a + ".lock": 2, b + ".lock": 0, "Cargo.lock": 99} {
		if err := os.WriteFile(filepath.Join(s.dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		age(name, days)
	}
	if _, err := s.Load(key(1)); err != nil { // now 2 was not used for longest
		t.Fatal(err)
	}
	save(t, s, key(4), program)
	for i, want := range map[byte]error{1: nil, 2: fs.ErrNotExist, 3: nil, 4: nil} {
		if _, err := s.Load(key(i)); !errors.Is(err, want) {
			t.Errorf("program %d: %v, want %v", i, err, want)
		}
	}
	for name, want := range map[string]bool{a + ".00000000.tmp": false, b + ".00000000.tmp": true, a + ".lock": false, b + ".lock": true, "Cargo.lock": true} {
		if _, err := os.Stat(filepath.Join(s.dir, name)); (err == nil) != want {
			t.Errorf("%s exists: %t, want %t", name, err == nil, want)
		}
	}
	if err := s.Save(key(5), make([]byte, 4*(overhead+100))); err == nil {
		t.Error("a program larger than the limit is saved")
	}
	if n, _, err := s.Size(); n != 3 || err != nil {
		t.Errorf("%d programs, %v; want 3", n, err)
	}
}

func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "programs")
	s, err := Open(dir, Limit)
	if err != nil {
		t.Skipf("nothing is kept on this system: %v", err)
	}
	save(t, s, key(1), "code")
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v, %v; want 0700", info.Mode(), err)
	}
	if _, err := Open(dir, Limit); err != nil {
		t.Errorf("opened again: %v", err)
	}
	if err := os.Chmod(dir, 0o770); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Limit); err == nil || !strings.Contains(err.Error(), Env) {
		t.Errorf("a directory that others can write to: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		if _, err := Open(dir, Limit); err == nil {
			t.Errorf("%s is opened as a directory", dir)
		}
	}
}

func TestDir(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	user, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{"": filepath.Join(user, "lag", "programs"), Off: "", cache: cache} {
		t.Setenv(Env, value)
		if got, err := Dir(); got != want || err != nil {
			t.Errorf("%s=%s: got %q, %v; want %q", Env, value, got, err, want)
		}
	}
}
