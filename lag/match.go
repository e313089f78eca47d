package lag

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/result"
)

// matchesStudy returns an error if a result cannot be that of a configuration.
func matchesStudy(r *result.Study, c StudyConfig) error {
	pool, err := c.Pool()
	if err != nil {
		return err
	}
	var names []string
	for _, o := range r.Under(0) {
		names = append(names, o.Name)
	}
	from, to := r.Grown()
	switch {
	case r.Family != c.Model.Family():
		return fmt.Errorf("its models are %s, those of the configuration %s", r.Family, c.Model.Family())
	case !slices.Equal(from, c.Model.Depths()) || !slices.Equal(to, c.Growth.To):
		return fmt.Errorf("it grows %s layers to %s, the configuration %s to %s", from, to, c.Model.Depths(), c.Growth.To)
	case r.Steps != c.Growth.Schedule.Steps || r.Lag != c.Growth.Lag:
		return fmt.Errorf("it has %d steps and a lag of %d, the configuration %d and %d", r.Steps, r.Lag, c.Growth.Schedule.Steps, c.Growth.Lag)
	case !slices.Equal(r.Seeds, c.seeds()):
		return fmt.Errorf("its seeds are %d, those of the configuration %d", r.Seeds, c.seeds())
	case !slices.Equal(names, pool.Names()):
		return errors.New("it has other strategies than the configuration")
	}
	return nil
}

// matchesStacking returns an error if a result cannot be that of a configuration.
func matchesStacking(r *result.Stacking, c Stacking) error {
	names := make(map[string]bool)
	for _, arm := range c.Arms {
		names[arm.Name] = true
	}
	unknown := slices.IndexFunc(r.Arms, func(o result.ArmOutcome) bool { return !names[o.Name] })
	switch {
	case r.Family != c.Model.Family():
		return fmt.Errorf("its models are %s, those of the configuration %s", r.Family, c.Model.Family())
	case !slices.Equal(r.Seeds, c.Seeds):
		return fmt.Errorf("its seeds are %d, those of the configuration %d", r.Seeds, c.Seeds)
	case unknown >= 0 || len(r.Arms) != len(r.Seeds)*len(c.Arms):
		return errors.New("it has other arms than the configuration")
	case !reflect.DeepEqual(r.Plan, c.Stages):
		return errors.New("it has other stages than the configuration")
	}
	return nil
}

// checkMatch returns the error of a result that is not that of the configuration
// beside it.
func checkMatch(dir, name string, err error) error {
	if err == nil {
		return nil
	}
	return &sealed.DamagedError{Path: filepath.Join(dir, name), Err: fmt.Errorf("it is not the result of the configuration beside it: %w; run the study again, completed training is kept", err)}
}
