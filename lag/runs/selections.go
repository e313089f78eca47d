package runs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/landscape-aware/growing/lag/result"
)

// selections returns the files in which [lag.Study.Select] recorded what it
// picked in a study's directory. It reads the directory: a pattern would take
// [ and * in the directory's own name for parts of the pattern.
func selections(dir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dir, result.SelectedDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read which models were picked: %w", err)
	}
	var paths []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") && !e.IsDir() {
			paths = append(paths, filepath.Join(dir, result.SelectedDir, e.Name()))
		}
	}
	return paths, nil
}
