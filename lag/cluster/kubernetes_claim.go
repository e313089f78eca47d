package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/landscape-aware/growing/data/closest"
	"github.com/landscape-aware/growing/data/plain"
)

// checkClaim returns an error if a number of workers cannot share the volume of the
// claim: their pods would wait for it for ever. What the user may not ask is not
// checked.
func (k *Kubernetes) checkClaim(ctx context.Context, workers int) error {
	out, err := k.question(ctx, "get", "persistentvolumeclaim", k.Claim, "-o", "json")
	if r, ok := errors.AsType[*refusal](err); ok && strings.Contains(r.said, `persistentvolumeclaims "`+k.Claim+`" not found`) {
		there, err := k.names(ctx, "persistentvolumeclaims")
		if err != nil {
			return r
		}
		if len(there) == 0 {
			return fmt.Errorf("claim: there is no PersistentVolumeClaim %q, nor any other in that namespace", k.Claim)
		}
		return fmt.Errorf("claim: there is no PersistentVolumeClaim %q%s; there are %s", k.Claim, closest.Hint(k.Claim, there), strings.Join(there, ", "))
	}
	if err != nil {
		if errors.Is(err, errNotInstalled) || context.Cause(ctx) != nil {
			return err
		}
		return nil
	}
	var claim struct {
		Spec struct {
			Modes []string `json:"accessModes"`
		} `json:"spec"`
	}
	if json.Unmarshal([]byte(out), &claim) != nil || len(claim.Spec.Modes) == 0 || slices.Contains(claim.Spec.Modes, "ReadWriteMany") {
		return nil
	}
	modes := strings.Join(claim.Spec.Modes, ", ")
	switch one := slices.Contains(claim.Spec.Modes, "ReadWriteOnce"); {
	case one && workers == 1, workers == 1 && slices.Contains(claim.Spec.Modes, "ReadWriteOncePod"):
		return nil
	case one:
		if nodes, err := k.names(ctx, "nodes"); err == nil && len(nodes) == 1 {
			return nil
		}
		return fmt.Errorf("claim: the volume of %s is written from one node only (%s), and %d workers may be on several; use a claim with ReadWriteMany, or one worker", k.Claim, modes, workers)
	}
	return fmt.Errorf("claim: the volume of %s cannot be written by %s (%s); use a claim with ReadWriteMany", k.Claim, plain.Count(workers, "worker"), modes)
}

// names returns the names of the resources of a kind.
func (k *Kubernetes) names(ctx context.Context, kind string) (names []string, err error) {
	out, err := k.question(ctx, "get", kind, "-o", "name")
	for line := range strings.Lines(out) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), "/")
		names = append(names, name)
	}
	return names, err
}
