package lag

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/charmbracelet/log"

	"github.com/landscape-aware/growing/data/sealed"
	"github.com/landscape-aware/growing/lag/engine"
)

// Join takes part in the study as one of any number of identical workers, on this
// machine or others that share its directory. It starts no process, makes no
// analysis and writes no result: [Study.Run], when the workers have ended, finds
// everything trained. Workers can come and go at any time, also before the data is
// prepared.
//
// Join waits while another worker prepares the data or trains the source, because
// there is work afterwards. It returns when there is no run that it could train,
// now or later. left are the runs that others are training then; if one of these is
// killed, whoever comes next goes on with its run.
//
// It is an error if the directory holds a study of another configuration, if its
// workers have another backend or, where results depend on that, another number of
// cores, or if the file system does not keep locks between processes.
func (s *Study) Join(ctx context.Context) (left []engine.Held, err error) {
	if err := s.options.checkJoins(); err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil { // what was opened before has claimed the directory
		return nil, err
	}
	leave, err := enter(ctx, s.Dir(), s.Config)
	if err != nil {
		return nil, err
	}
	s.joins = true
	defer func() {
		s.joins = false
		err = errors.Join(err, s.Close())
		leave(err)
	}()
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	if err := s.checkDisk(1); err != nil {
		return nil, err
	}
	s.session.WhenWaiting(s.rehearse)
	s.session.ForgetFailures() // try them again
	if _, err := s.Pretrain(ctx); err != nil {
		return nil, err
	}
	s.session.WhenWaiting(nil)
	p, err := s.probes()
	if err != nil {
		return nil, err
	}
	c, err := s.controls()
	if err != nil {
		return nil, err
	}
	if left, err = s.session.Share(ctx, append(p.jobs(), c.jobs()...)...); err != nil {
		return nil, err
	}
	p.releaseAll()
	c.releaseAll()
	return left, nil
}

// JoinStacking is [Study.Join] for a stacking. While another worker trains what an
// arm grows from, it waits.
func JoinStacking(ctx context.Context, c Stacking, o Options) (left []engine.Held, err error) {
	if err := errors.Join(c.Validate(), o.validate()); err != nil {
		return nil, err
	}
	if err := o.checkJoins(); err != nil {
		return nil, err
	}
	leave, err := enter(ctx, o.dir(c.Name), c)
	if err != nil {
		return nil, err
	}
	defer func() { leave(err) }()
	s, err := engine.Open(ctx, c.Task, o.engine(c.Name))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, err := joined(ctx, s, c); err != nil {
		return nil, err
	}
	arms, jobs, _, err := c.jobs(s)
	if err != nil {
		return nil, err
	}
	if left, err = s.Share(ctx, jobs...); err != nil {
		return nil, err
	}
	releaseLeft(arms)
	return left, nil
}

// checkJoins returns an error if the options are not those of a worker.
func (o Options) checkJoins() error {
	if workers := o.several(); workers != "" {
		return fmt.Errorf("a worker that joins starts no others; %s were asked for, use 1", workers)
	}
	if o.On != nil {
		return errors.New("a worker that joins works in this process; give no engine")
	}
	return nil
}

// enter checks, before anything is prepared, whether a worker may take part in the
// work in a directory. It makes the directory. The function that it returns removes
// it if it is empty, as after an error.
func enter[C configuration](ctx context.Context, dir string, config C) (leave func(error), err error) {
	if err := checkJoined(dir, config); err != nil {
		return nil, err
	}
	_, statErr := os.Stat(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot create the directory %s: %w; choose another", dir, err)
	}
	leave = func(err error) {
		if err != nil && statErr != nil {
			_ = os.Remove(dir) // it stays if it is not empty
		}
	}
	if err := checkLocks(ctx, dir); err != nil {
		leave(err)
		return nil, err
	}
	return leave, nil
}

// joined is [claim] for a worker: it never takes the place of another configuration.
func joined[C configuration](ctx context.Context, s *engine.Session, config C) (hash string, err error) {
	if hash, err = config.Hash(); err != nil {
		return "", err
	}
	unlock, err := lockDir(ctx, s.Dir())
	if err != nil {
		return "", err
	}
	defer unlock()
	if err := checkJoined(s.Dir(), config); err != nil {
		return "", err
	}
	if err := s.JoinTeam(); err != nil {
		return "", err
	}
	name, _ := config.files()
	path := filepath.Join(s.Dir(), name)
	var before C
	if _, err := sealed.ReadEdited(path, &before); err == nil {
		return hash, nil
	} else if sealed.IsDamaged(err) {
		log.Warn("the configuration in the directory is damaged; it is written again", "error", err)
	}
	return hash, sealed.Write(path, config)
}

// checkJoined returns an error if a directory holds another configuration than the
// one of a worker.
func checkJoined[C configuration](dir string, config C) error {
	if err := checkKind(dir, config); err != nil {
		return err
	}
	name, _ := config.files()
	path := filepath.Join(dir, name)
	var before C
	switch _, err := sealed.ReadEdited(path, &before); {
	case errors.Is(err, os.ErrNotExist), sealed.IsDamaged(err):
		return nil
	case sealed.IsOtherVersion(err):
		return fmt.Errorf("%s was not written by this version, and a worker does not replace it; run the same without joining, which renames it, or choose another directory", path)
	case err != nil:
		return err
	}
	there, err := before.Hash()
	if err != nil {
		return err
	}
	mine, err := config.Hash()
	if err == nil && there != mine {
		err = fmt.Errorf("%s has another configuration than this worker (%s); a worker joins only its own, so use that file as the configuration or choose another directory", path, changed(before, config))
	}
	return err
}
