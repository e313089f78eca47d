package verified

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// SHA256Of returns the sha256 of a file's contents, in hexadecimal digits. It
// reads the file only if it does not remember the sum.
func (m *Memory) SHA256Of(path string) (string, error) {
	before, err := takeStamp(path)
	if err != nil {
		return "", err
	}
	if m.holds(before) {
		// A sum that was damaged is not believed: it is a fact of its own.
		if sum, ok := m.sum(before); ok && m.knows(before, SHA256(sum)) {
			return sum, nil
		}
	}
	start := time.Now()
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	sum := hex.EncodeToString(h.Sum(nil))
	if err := m.remember(before, SHA256(sum), start); err != nil {
		return "", err
	}
	if m.holds(before) {
		m.write(before.question(), before.question()+sum)
	}
	return sum, nil
}

// sum returns what is noted as the sum of a file in this state.
func (m *Memory) sum(s stamp) (string, bool) {
	text, err := os.ReadFile(m.path(s.question()))
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(string(text), version+s.question())
}

// question is what the entry with a file's sum answers.
func (s stamp) question() string { return "sum of " + s.fact(Sum{"sha256", ""}) }
