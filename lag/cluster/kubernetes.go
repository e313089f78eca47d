package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

func init() {
	Register(Kind{Name: "kubernetes", Short: "k8s", New: func() Engine { return NewKubernetes() }})
}

// Kubernetes submits workers as the pods of an Indexed Job, by the command kubectl.
// The pods share a volume. Kubernetes has no jobs that wait for others, so the pod
// of index 0 makes the analysis when nothing is left that it could train.
type Kubernetes struct {
	Resources
	Image     string   `json:"image"`     // with the command lag on its path
	Claim     string   `json:"claim"`     // PersistentVolumeClaim with what is beside the directory of the study, read and written by many
	Mount     string   `json:"mount"`     // absolute path of the volume in the pods
	Context   string   `json:"context"`   // of kubectl: the cluster and the user; empty for the current one
	Namespace string   `json:"namespace"` // empty for the context's own
	Queue     string   `json:"queue"`     // local queue of Kueue; empty for none
	Suspend   bool     `json:"suspend"`   // submit the Job suspended
	Grace     Duration `json:"grace"`     // from the request to end, in which a worker saves, to the end
	Retries   int      `json:"retries"`   // times that a pod of one index may fail
	User      int      `json:"user"`      // number of the image's user, for namespaces of the restricted standard; 0 for what the image says
}

// NewKubernetes returns the default settings: one core, the mount of the project's
// images.
func NewKubernetes() *Kubernetes {
	return &Kubernetes{Resources: Resources{Cores: 1}, Mount: "/work/runs", Grace: Duration(time.Minute), Retries: 3}
}

var (
	labelForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	claimForm = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
	imageForm = regexp.MustCompile(`^([a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]+)?/)?[a-z0-9][a-z0-9._/-]*(:\w[\w.-]*)?(@sha256:[0-9a-f]{64})?$`)
)

// Check implements [Engine].
func (k *Kubernetes) Check() error {
	if err := k.Resources.Check(); err != nil {
		return err
	}
	switch {
	case k.Image == "":
		return errors.New("image: none is given; it must have the command lag, see docker/README.md")
	case !imageForm.MatchString(k.Image):
		return fmt.Errorf("image: %q is no name of an image, such as registry.example.org/lag:0.2", k.Image)
	case k.Claim == "":
		return errors.New("claim: none is given; the pods need a PersistentVolumeClaim that many may read and write")
	case !claimForm.MatchString(k.Claim):
		return fmt.Errorf("claim: %q is no name; use small letters, digits, dots and hyphens", k.Claim)
	case !path.IsAbs(k.Mount) || path.Clean(k.Mount) != k.Mount || k.Mount == "/" || !plainWord.MatchString(k.Mount):
		return fmt.Errorf("mount: %q is not possible; use an absolute path of plain characters, such as /work/runs", k.Mount)
	case strings.HasPrefix(k.Context, "-") || strings.ContainsFunc(k.Context, unicode.IsControl):
		return fmt.Errorf("context: %q is no name of a context; `kubectl config get-contexts` lists them", k.Context)
	case k.Namespace != "" && !labelForm.MatchString(k.Namespace):
		return fmt.Errorf("namespace: %q is no name; use small letters, digits and hyphens", k.Namespace)
	case k.Queue != "" && !claimForm.MatchString(k.Queue):
		return fmt.Errorf("queue: %q is no name; use small letters, digits, dots and hyphens", k.Queue)
	case k.Grace < Duration(time.Minute):
		return fmt.Errorf("grace: %s is too short to save; use 1m or more", k.Grace)
	case k.Retries < 0:
		return fmt.Errorf("retries: %d is not possible; use 0 or more", k.Retries)
	case k.User < 0:
		return fmt.Errorf("user: %d is not possible; use the number of the image's user, such as 1000, or 0 for what the image says", k.User)
	}
	return nil
}

// Describe implements [Engine].
func (k *Kubernetes) Describe(w Work, s Submission) (string, error) {
	text, err := k.manifest(w, s)
	return string(text), err
}

// Submit implements [Engine].
func (k *Kubernetes) Submit(ctx context.Context, w Work, s Submission, accepted func(Submission) error) error {
	k = k.located(ctx)
	var err error
	if s.Settings, err = json.Marshal(k); err != nil {
		return err
	}
	s.Workers = max(1, s.Workers) // the analysis alone is the pod of index 0, too
	text, err := k.manifest(w, s)
	if err != nil {
		return err
	}
	if err := k.checkClaim(ctx, s.Workers); err != nil {
		return err
	}
	if err := k.order(ctx, string(text), "apply", "-f", "-"); err != nil {
		if !errors.Is(err, errNotInstalled) { // the configuration may have been taken though the Job was not
			_ = k.remove(ctx, []string{s.Name}) // the reason is err
		}
		return err
	}
	s.Jobs, s.Last = []Array{{s.Name, s.Workers}}, s.Name
	return accepted(s)
}

// located returns the settings with the context and the namespace that kubectl has
// now: later, when somebody asks how the jobs are or cancels them, it may have
// others. In a pod there may be neither, and kubectl takes the pod's.
func (k *Kubernetes) located(ctx context.Context) *Kubernetes {
	out, err := k.question(ctx, "config", "view", "--minify", "-o", `jsonpath={.contexts[0].context.namespace}{" "}{.current-context}`)
	namespace, name, _ := strings.Cut(strings.TrimRight(out, "\n"), " ")
	if err != nil || name == "" {
		return k
	}
	now := *k
	now.Context, now.Namespace = name, cmp.Or(k.Namespace, namespace, "default") // which a context without one means
	return &now
}

// order has kubectl change something in the namespace of the settings.
func (k *Kubernetes) order(ctx context.Context, input string, arguments ...string) error {
	_, err := order(ctx, input, k.kubectl(arguments)...)
	return explainKubectl(err)
}

// question asks kubectl for something in the namespace of the settings.
func (k *Kubernetes) question(ctx context.Context, arguments ...string) (string, error) {
	out, err := question(ctx, k.kubectl(arguments)...)
	return out, explainKubectl(err)
}

// kubectl returns the command with arguments, in the cluster and the namespace of
// the settings.
func (k *Kubernetes) kubectl(arguments []string) []string {
	return slices.Concat([]string{"kubectl"}, k.where(), arguments)
}

// where returns the arguments that choose the cluster and the namespace.
func (k *Kubernetes) where() (arguments []string) {
	if k.Context != "" {
		arguments = append(arguments, "--context", k.Context)
	}
	if k.Namespace != "" {
		arguments = append(arguments, "--namespace", k.Namespace)
	}
	return arguments
}

// explainKubectl adds to an error of kubectl what it is for.
func explainKubectl(err error) error {
	if errors.Is(err, errNotInstalled) {
		return fmt.Errorf("%w: it submits to Kubernetes, and knows which cluster", err)
	}
	return err
}

// Status implements [Engine]. One call of kubectl returns the Jobs and the pods of
// all submissions of a namespace, a second one why there are no pods where some are
// missing.
func (k *Kubernetes) Status(ctx context.Context, list []Submission) (jobs []Job, err error) {
	err = byNamespace(list, func(k *Kubernetes, of []Submission) error {
		var names []string
		for _, s := range of {
			names = append(names, s.Name)
		}
		out, err := k.question(ctx, "get", "jobs,pods", "-l", fmt.Sprintf("%s in (%s)", submissionLabel, strings.Join(names, ",")), "-o", "json")
		if err != nil {
			return err
		}
		some, err := k.parse([]byte(out), of)
		if slices.ContainsFunc(some, waitsForPod) {
			k.whyNoPods(ctx, some)
		}
		jobs = append(jobs, some...)
		return err
	})
	return jobs, err
}

// Cancel implements [Engine]. Pods get the time to save.
func (k *Kubernetes) Cancel(ctx context.Context, list []Submission, jobs []Job) error {
	return byNamespace(list, func(k *Kubernetes, of []Submission) error {
		var names []string
		for _, s := range of {
			if slices.ContainsFunc(jobs, func(j Job) bool { return j.Batch == s.Name }) {
				names = append(names, s.Name)
			}
		}
		if len(names) == 0 {
			return nil
		}
		return k.remove(ctx, names)
	})
}

// remove removes what was submitted under some names, as far as it is there.
func (k *Kubernetes) remove(ctx context.Context, names []string) error {
	line := []string{"delete", "--ignore-not-found", "--wait=false"}
	for _, name := range names {
		line = append(line, "job/"+name, "configmap/"+name)
	}
	return k.order(ctx, "", line...)
}

// byNamespace calls do with the submissions of each namespace of each cluster.
func byNamespace(list []Submission, do func(k *Kubernetes, of []Submission) error) error {
	type place struct{ context, namespace string }
	var places []place
	of, engines := make(map[place][]Submission), make(map[place]*Kubernetes)
	for _, s := range list {
		k := NewKubernetes()
		if err := json.Unmarshal(s.Settings, k); err != nil {
			return err
		}
		p := place{k.Context, k.Namespace}
		if engines[p] == nil {
			places, engines[p] = append(places, p), k
		}
		of[p] = append(of[p], s)
	}
	for _, p := range places {
		if err := do(engines[p], of[p]); err != nil {
			return err
		}
	}
	return nil
}
