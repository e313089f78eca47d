package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/sealed"
)

// Every line of metrics.jsonl that a result can rest on has a checksum: of the
// line before its [Clock], and of the checksum of the line before it. The first
// one depends on the run's address, see [addressesOf]. So no line can be changed, lost in the
// middle, moved or taken from another run unnoticed. The checksum of the last
// line is in result.json, so that lines lost at the end are noticed too. Like
// the lines without their clocks, it does not differ between executions.
const (
	sumField  = `,"sum":"`
	sumDigits = 16
)

// nextSum returns the checksum of a line whose text before the checksum is
// given, after a line with the checksum sum.
func nextSum(sum string, text []byte) string {
	hash := sha256.Sum256(append([]byte(sum), text...))
	return hex.EncodeToString(hash[:])[:sumDigits]
}

// firstSum returns the checksum before the first line of the log of a run.
func firstSum(address string) string { return nextSum("", []byte(address)) }

var addressPattern = regexp.MustCompile(`^[0-9a-f]{16}$`)

// addressOf returns the address of the run in a directory, or "" if the
// directory is not named by one.
func addressOf(run string) string {
	if path, err := filepath.Abs(run); err == nil && addressPattern.MatchString(filepath.Base(path)) {
		return filepath.Base(path)
	}
	return ""
}

// addressesOf returns what the address of the run in a directory may be. A
// directory that is not named by it, because it was copied, renamed or linked,
// has the address of its configuration, in the format version of its writer.
func addressesOf(run string) ([]string, error) {
	if address := addressOf(run); address != "" {
		return []string{address}, nil
	}
	text, err := os.ReadFile(filepath.Join(run, ConfigFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var list []string
	var config bytes.Buffer
	if json.Compact(&config, text) == nil {
		for version := FormatVersion; version > 0; version-- {
			list = append(list, hashOf(config.Bytes(), version))
		}
	}
	return append(list, ""), nil
}

// hasSum reports whether lines of an event have a checksum.
func (e Event) hasSum() bool {
	return e == EventTrain || e == EventValidation || e == EventDiverged
}

// appendLine appends the line of an event to a text. It returns the new checksum.
func appendLine(text []byte, m Metric, sum string) ([]byte, string, error) {
	clock, err := json.Marshal(m.Clock)
	if err != nil {
		return nil, sum, err
	}
	m.Clock = Clock{}
	line, err := json.Marshal(m)
	if err != nil {
		return nil, sum, err
	}
	line = line[:len(line)-1] // without the brace
	text = append(text, line...)
	if m.Event.hasSum() {
		sum = nextSum(sum, line)
		text = append(append(append(text, sumField...), sum...), '"')
	}
	if len(clock) > len("{}") {
		text = append(text, ',')
	}
	return append(append(text, clock[1:]...), '\n'), sum, nil
}

// logLine is a line of a log.
type logLine struct {
	Metric
	text   []byte
	sum    string // checksum so far
	sealed bool   // the line has a checksum
}

// runLog is the undamaged beginning of a log.
type runLog struct {
	lines []logLine
	first string // checksum before the first line

	// damage is why the lines end before the file does, or nil. A last line
	// without its end, which a crash leaves, is no damage.
	damage error
}

// sum returns the checksum of the log.
func (l *runLog) sum() string {
	if len(l.lines) == 0 {
		return l.first
	}
	return l.lines[len(l.lines)-1].sum
}

// readLog reads the log of a run. A log that does not exist is empty.
func readLog(run string) (*runLog, error) {
	addresses, err := addressesOf(run)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(metricsPath(run))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var best *runLog
	for _, address := range addresses {
		if l := parseLog(metricsPath(run), text, address); best == nil || len(l.lines) > len(best.lines) {
			best = l
		}
	}
	return best, nil
}

// parseLog parses the log of the run with an address. path is for errors.
func parseLog(path string, text []byte, address string) *runLog {
	l := &runLog{first: firstSum(address)}
	began := false // lines of earlier versions have no checksums
	for text := range bytes.Lines(text) {
		if text[len(text)-1] != '\n' {
			break
		}
		line, err := parseLine(text, l.sum())
		if err == nil && line.Event.hasSum() && began && !line.sealed {
			err = errors.New("it has no checksum")
		}
		if err != nil {
			l.damage = &sealed.DamagedError{Path: path, Err: fmt.Errorf("line %d: %w", len(l.lines)+1, err)}
			break
		}
		began = began || line.sealed
		l.lines = append(l.lines, line)
	}
	return l
}

// parseLine parses the line of a log after a line with the checksum sum.
func parseLine(text []byte, sum string) (logLine, error) {
	line := logLine{text: text, sum: sum}
	if err := json.Unmarshal(text, &line.Metric); err != nil {
		return line, err
	}
	if before, after, found := bytes.Cut(text, []byte(sumField)); found {
		line.sum, line.sealed = nextSum(sum, before), true
		if !bytes.HasPrefix(after, []byte(line.sum+`"`)) {
			return line, errors.New("it does not have the recorded checksum")
		}
	} else if line.Event.hasSum() {
		var err error
		_, line.sum, err = appendLine(nil, line.Metric, sum)
		return line, err
	}
	return line, nil
}

// covers returns the last step whose state continues the log: the log has all
// updates and evaluations before that state.
func (r *Run) covers(l *runLog) int {
	trained, evaluated := 0, 0
	for _, line := range l.lines {
		switch {
		case line.Event == EventTrain && line.Step == trained:
			trained++
		case line.Event == EventValidation && evaluated < len(r.Evaluate) && line.Step == r.Evaluate[evaluated]:
			evaluated++
		}
	}
	if evaluated < len(r.Evaluate) {
		return min(trained, r.Evaluate[evaluated])
	}
	return trained
}

// checkLog reports whether the log has everything that a complete run has
// logged. recorded is the log's checksum in result.json, which files of earlier
// versions do not have. If it is that of other lines, checkLog sets the log
// aside.
func (r *Run) checkLog(dir string, outcome Outcome, recorded string) (usable bool, err error) {
	l, err := readLog(dir)
	if err != nil {
		return false, err
	}
	incomplete := l.damage != nil || r.covers(l) < outcome.Steps
	if !incomplete && (recorded == "" || l.sum() == recorded) {
		return true, nil
	}
	log.Warn("the log of a run is damaged or incomplete; what was lost is trained again", "log", metricsPath(dir), "error", l.problem())
	if incomplete {
		return false, nil
	}
	return false, setAside([]string{metricsPath(dir)})
}

// problem returns what is wrong with a log that cannot be used.
func (l *runLog) problem() error {
	if l.damage != nil {
		return l.damage
	}
	return errors.New("lines are missing")
}
