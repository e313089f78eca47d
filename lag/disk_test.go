package lag_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dustin/go-humanize"

	"github.com/landscape-aware/growing/lag"
	"github.com/landscape-aware/growing/lag/backend"
	"github.com/landscape-aware/growing/lag/progress"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// taken returns what the runs in a directory take of the disk, in blocks of 4096
// bytes.
func taken(t *testing.T, dir string) (total int64) {
	t.Helper()
	for _, run := range runsOf(t, dir) {
		if err := filepath.WalkDir(run, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err == nil {
				total += (info.Size() + 4095) / 4096 * 4096
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	return total
}

// wider makes a study's states large beside its logs, as real ones are.
func wider(t *testing.T, config *lag.StudyConfig) {
	t.Helper()
	if err := config.SetModel("hidden", "16"); err != nil {
		t.Fatal(err)
	}
	config.Growth.Strategies = []string{"stack", "random-top", "stack-zero"}
}

// TestSpace compares what a study is said to take with what it takes at most while it
// runs, with both policies.
func TestSpace(t *testing.T) {
	for _, keep := range lag.Keeps() {
		config, dir := keeping(t, keep), filepath.Join(t.TempDir(), "study")
		wider(t, &config)
		var peak int64
		s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go, Observe: func(e progress.Event) {
			if _, err := os.Stat(dir); err == nil {
				peak = max(peak, taken(t, dir))
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		most, more, err := s.Space(t.Context(), keep, 1)
		if err != nil {
			t.Fatal(err)
		}
		if more != most {
			t.Errorf("%s: %d of %d bytes are missing in an empty directory", keep, more, most)
		}
		study, err := s.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		peak = max(peak, taken(t, dir))
		if keep == lag.KeepNeeded {
			// At an event no state is being written, which is one more. A seed whose
			// LAG's pick ends lowest keeps one less than it might.
			grown, err := config.Model.WithDepths(config.Growth.To...)
			if err != nil {
				t.Fatal(err)
			}
			state := train.StateSize(grown.Parameters(), config.Optimizer.Optimizer)
			peak += state
			for _, p := range study.Picks {
				if p.Rule == "lag:5" && p.Regret == 0 {
					peak += state
				}
			}
		}
		if ratio := float64(most) / float64(peak); ratio < 1 || ratio > 1.3 {
			t.Errorf("%s: at most %d bytes were announced, and %d were taken: %.3f times that", keep, most, peak, ratio)
		} else {
			t.Logf("%s: at most %d bytes were announced, and %d were taken: %.3f times that", keep, most, peak, ratio)
		}
		if _, more, err := s.Space(t.Context(), keep, 1); err != nil || more != 0 {
			t.Errorf("%s: a complete study needs %d bytes, error %v", keep, more, err)
		}
	}
}

// TestFull refuses a study that does not fit on the disk before it trains anything,
// and says which policy would fit. What is there counts.
func TestFull(t *testing.T) {
	config, dir := keeping(t, lag.KeepAll), filepath.Join(t.TempDir(), "study")
	wider(t, &config)
	o := lag.Options{Dir: dir, Backend: backend.Go}
	space := func(keep lag.Keep) int64 {
		s, err := lag.Open(config, o)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		_, more, err := s.Space(t.Context(), keep, 1)
		if err != nil {
			t.Fatal(err)
		}
		return more
	}
	try := func(keep lag.Keep, free int64) error {
		config.Keep = keep
		s, err := lag.Open(config, o.WithFreeSpace(free))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		_, err = s.Run(t.Context())
		return err
	}
	const reserve = 16 << 20
	all, needed := space(lag.KeepAll)+reserve, space(lag.KeepNeeded)+reserve
	for _, c := range []struct {
		keep lag.Keep
		free int64
		want []string
	}{
		{lag.KeepAll, all - 1, []string{"does not fit", dir, "16 MB are free", "only the states that are needed", "(keep)"}},
		{lag.KeepAll, needed - 1, []string{"does not fit", "lag runs clean", "another disk"}},
		{lag.KeepNeeded, needed - 1, []string{"does not fit", "lag runs clean", "another disk"}},
		{"", 0, []string{"does not fit", "0 B are free"}},
	} {
		err := try(c.keep, c.free)
		for _, part := range c.want {
			if part = strings.ReplaceAll(part, "16 MB", mega(c.free)); err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q with %d bytes free: error %v, want %q", c.keep, c.free, err, part)
			}
		}
		if runs := runsOf(t, dir); len(runs) > 0 {
			t.Fatalf("%q with %d bytes free: %v were trained", c.keep, c.free, runs)
		}
	}
	if err := try(lag.KeepNeeded, needed); err != nil {
		t.Errorf("it fits exactly: %v", err)
	}
	if err := try(lag.KeepAll, 0); err != nil { // nothing is missing
		t.Errorf("a complete study on a full disk: %v", err)
	}
	config.Growth.Seeds = append(config.Growth.Seeds, 3)
	if more := space(lag.KeepAll); more <= 0 || more >= (all-reserve)*2/3 {
		t.Errorf("a third seed needs %d bytes, and the three together %d", more, all)
	}
}

// TestFullBefore goes on with a study that has filled the disk with all states. With
// the other policy it fits, because the states that nothing needs go first.
func TestFullBefore(t *testing.T) {
	config, dir := keeping(t, lag.KeepAll), filepath.Join(t.TempDir(), "study")
	wider(t, &config)
	first := config
	first.Growth.Seeds = config.Growth.Seeds[:1]
	if _, err := run(t, first, dir, backend.Go, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, result.StudyResult)); err != nil { // it was interrupted
		t.Fatal(err)
	}
	s, err := lag.Open(config, lag.Options{Dir: dir, Backend: backend.Go})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, more, err := s.Space(t.Context(), lag.KeepNeeded, 1)
	if err != nil {
		t.Fatal(err)
	}
	const reserve = 16 << 20
	size := taken(t, dir) + more + reserve - 1
	o := lag.Options{Dir: dir, Backend: backend.Go}.WithDisk(func(string) (int64, error) { return size - taken(t, dir), nil })
	for _, keep := range []lag.Keep{lag.KeepAll, lag.KeepNeeded} {
		config.Keep = keep
		s, err := lag.Open(config, o)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.Run(t.Context()); (err == nil) != (keep == lag.KeepNeeded) {
			t.Errorf("%s: error %v", keep, err)
		}
	}
}

func mega(bytes int64) string { return humanize.Bytes(uint64(bytes)) }
