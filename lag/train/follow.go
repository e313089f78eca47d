package train

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/landscape-aware/growing/data/sealed"
)

// longestLine is the longest line of a log in bytes. A line has one loss for each
// validation batch, some 20 bytes; a longer one is no line.
const longestLine = 1 << 24

// Follower reads the log of a run, and later what was added to it. It checks the
// lines as [ReadMetrics] does. It only reads.
type Follower struct {
	run    string
	file   fs.FileInfo // of the log that was read; nil before the first line
	offset int64       // bytes read: whole lines
	lines  int
	sum    string // checksum of the lines so far
	began  bool   // a line had a checksum
}

// NewFollower returns a follower of the run in a directory, which need not have a
// log yet.
func NewFollower(run string) *Follower { return &Follower{run: run} }

// Read gives the lines that were added since the last call to each. It calls
// restart before the first line of a log. That may be in a later call, too: a run
// that continues after a crash writes its log anew, and all earlier lines are then
// given again.
//
// Read leaves a last line without its end for the next call, for it is being
// written. If a line is damaged, Read gives the lines before it and returns a
// [sealed.DamagedError]; the next call tries that line again, because a network
// file system may show a line before all of its bytes. It returns
// [os.ErrNotExist] while there is no log, and the context's error when that is
// canceled.
func (f *Follower) Read(ctx context.Context, restart func(), each func(Metric)) error {
	file, err := os.Open(metricsPath(f.run))
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if f.file == nil || !os.SameFile(f.file, info) || info.Size() < f.offset {
		if err := f.begin(file, info); err != nil {
			return err
		}
		restart()
	}
	if info.Size() == f.offset {
		return nil
	}
	resumed := f.lines > 0
	err = f.read(ctx, file, each)
	if !sealed.IsDamaged(err) || !resumed {
		return err
	}
	// Perhaps another file took the place of the one that was read before: its
	// lines do not follow on those.
	before := *f
	if err := f.begin(file, info); err != nil {
		return err
	}
	again := *f
	if _ = f.read(ctx, file, func(Metric) {}); f.lines <= before.lines {
		*f = before
		return err
	}
	*f = again
	restart()
	return f.read(ctx, file, each)
}

// begin goes to the first line of a log.
func (f *Follower) begin(file *os.File, info fs.FileInfo) error {
	addresses, err := addressesOf(f.run)
	if err != nil {
		return err
	}
	*f = Follower{run: f.run, file: info}
	if len(addresses) == 1 {
		f.sum = firstSum(addresses[0])
		return nil
	}
	// The directory was renamed: the first line tells which address it has.
	reader := bufio.NewReader(io.NewSectionReader(file, 0, longestLine))
	line, err := reader.ReadBytes('\n')
	for _, address := range addresses {
		f.sum = firstSum(address)
		if _, wrong := parseLine(line, f.sum); err == nil && wrong == nil {
			break
		}
	}
	return nil
}

// read reads lines from where it stopped before.
func (f *Follower) read(ctx context.Context, file *os.File, each func(Metric)) error {
	reader := bufio.NewReaderSize(io.NewSectionReader(file, f.offset, 1<<62), 1<<16)
	for {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		text, err := readLine(reader)
		if errors.Is(err, io.EOF) {
			return nil
		}
		var line logLine
		if err == nil {
			line, err = parseLine(text, f.sum)
		}
		if err == nil && line.Event.hasSum() && f.began && !line.sealed {
			err = errors.New("it has no checksum")
		}
		if err != nil {
			return &sealed.DamagedError{Path: file.Name(), Err: fmt.Errorf("line %d: %w", f.lines+1, err)}
		}
		f.offset, f.lines, f.sum, f.began = f.offset+int64(len(text)), f.lines+1, line.sum, f.began || line.sealed
		each(line.Metric)
	}
}

// readLine returns the next line with its end. It returns [io.EOF] if the file
// ends before.
func readLine(reader *bufio.Reader) (line []byte, err error) {
	for {
		part, err := reader.ReadSlice('\n')
		line = append(line, part...)
		if err == nil || !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > longestLine {
			return nil, fmt.Errorf("it is longer than %d bytes", longestLine)
		}
	}
}
