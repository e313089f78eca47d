package cluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pods are what `kubectl get jobs,pods -o json` prints, shortened: index 0 has
// ended, 1 runs in its second pod, 2 waits for a node, 3 pulls its image in vain, 4
// failed too often, 5 has no pod yet, 6 is being replaced after an interruption.
const pods = `{"apiVersion": "v1", "kind": "List", "items": [
{"kind": "Job", "metadata": {"name": "lag-quick-a", "labels": {"lag-submission": "lag-quick-a"}}, "spec": {"suspend": false},
 "status": {"completedIndexes": "0", "failedIndexes": "4", "active": 4}},
{"kind": "Pod", "metadata": {"name": "lag-quick-a-0-aaaaa", "labels": {"lag-submission": "lag-quick-a"}, "annotations": {"batch.kubernetes.io/job-completion-index": "0"}, "creationTimestamp": "2026-11-30T09:00:00Z"},
 "spec": {"nodeName": "n1"}, "status": {"phase": "Succeeded", "startTime": "2026-11-30T09:00:01Z", "containerStatuses": [{"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]}},
{"kind": "Pod", "metadata": {"name": "lag-quick-a-1-aaaaa", "labels": {"lag-submission": "lag-quick-a"}, "annotations": {"batch.kubernetes.io/job-completion-index": "1"}, "creationTimestamp": "2026-11-30T09:00:00Z"},
 "spec": {"nodeName": "n1"}, "status": {"phase": "Failed", "reason": "Evicted"}},
{"kind": "Pod", "metadata": {"name": "lag-quick-a-1-bbbbb", "labels": {"lag-submission": "lag-quick-a"}, "annotations": {"batch.kubernetes.io/job-completion-index": "1"}, "creationTimestamp": "2026-11-30T09:05:00Z"},
 "spec": {"nodeName": "n2"}, "status": {"phase": "Running", "startTime": "2026-11-30T09:05:01Z", "containerStatuses": [{"state": {"running": {"startedAt": "2026-11-30T09:05:02Z"}}}]}},
{"kind": "Pod", "metadata": {"name": "lag-quick-a-2-aaaaa", "labels": {"lag-submission": "lag-quick-a"}, "annotations": {"batch.kubernetes.io/job-completion-index": "2"}, "creationTimestamp": "2026-11-30T09:00:00Z"},
 "spec": {}, "status": {"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/2 nodes are available: 2 Insufficient cpu."}]}},
{"kind": "Pod", "metadata": {"name": "lag-quick-a-3-aaaaa", "labels": {"lag-submission": "lag-quick-a"}, "annotations": {"batch.kubernetes.io/job-completion-index": "3"}, "creationTimestamp": "2026-11-30T09:00:00Z"},
 "spec": {"nodeName": "n1"}, "status": {"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}},
{"kind": "Pod", "metadata": {"name": "lag-quick-a-4-aaaaa", "labels": {"lag-submission": "lag-quick-a"}, "annotations": {"batch.kubernetes.io/job-completion-index": "4"}, "creationTimestamp": "2026-11-30T09:00:00Z"},
 "spec": {"nodeName": "n1"}, "status": {"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]}},
{"kind": "Pod", "metadata": {"name": "lag-quick-a-6-aaaaa", "labels": {"lag-submission": "lag-quick-a"}, "annotations": {"batch.kubernetes.io/job-completion-index": "6"}, "creationTimestamp": "2026-11-30T09:00:00Z"},
 "spec": {"nodeName": "n1"}, "status": {"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 75, "reason": "Error"}}}]}}
]}`

// events are what `kubectl get events -o json` prints, shortened.
const events = `{"items": [{"involvedObject": {"name": "lag-quick-a"}, "message": "pods \"lag-quick-a-5-ccccc\" is forbidden: exceeded quota"},
{"involvedObject": {"name": "another"}, "message": "of another"}]}`

// onKubernetes returns a submission of n workers in a namespace.
func onKubernetes(t *testing.T, name, namespace string, n int) Submission {
	t.Helper()
	k := NewKubernetes()
	k.Image, k.Claim, k.Namespace = "lag", "runs", namespace
	s, err := newSubmission(quick(), k, n, "x", time.Unix(1e9, 0))
	if err != nil {
		t.Fatal(err)
	}
	s.Name = name
	return s
}

// TestKubernetesStatus checks what is made of Jobs and pods.
func TestKubernetesStatus(t *testing.T) {
	calls := commands(t, map[string]string{"kubectl": "case \"$*\" in *events*) cat <<'END'\n" + events + "\nEND\n;;\n*) cat <<'END'\n" + pods + "\nEND\nesac"})
	jobs, err := NewKubernetes().Status(t.Context(), []Submission{onKubernetes(t, "lag-quick-a", "ada", 7), onKubernetes(t, "lag-quick-b", "ada", 1)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range jobs { // the test does not depend on the time zone
		if !jobs[i].Began.IsZero() {
			jobs[i].Began = jobs[i].Began.UTC()
		}
	}
	want := []string{
		"lag-quick-a-0-aaaaa done Succeeded last",
		"lag-quick-a-1-bbbbb running Running n2 09:05",
		"lag-quick-a-2-aaaaa pending Pending Unschedulable: 0/2 nodes are available: 2 Insufficient cpu.",
		"lag-quick-a-3-aaaaa pending Pending ImagePullBackOff",
		"lag-quick-a-4-aaaaa failed Failed OOMKilled",
		`lag-quick-a-5 pending Waiting pods "lag-quick-a-5-ccccc" is forbidden: exceeded quota`,
		"lag-quick-a-6-aaaaa pending Failed, comes again exit code 75",
		"lag-quick-b-0 unknown  last",
	}
	if diff := cmp.Diff(want, words(jobs)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got, want := called(t, calls), []string{
		"kubectl --namespace ada get jobs,pods -l lag-submission in (lag-quick-a,lag-quick-b) -o json",
		"kubectl --namespace ada get events --field-selector type=Warning,reason=FailedCreate -o json",
	}; !cmp.Equal(got, want) {
		t.Errorf("commands: %q, want %q", got, want)
	}
	if got := jobs[1].Command; got != "kubectl --namespace ada logs lag-quick-a-1-bbbbb" {
		t.Errorf("its output is shown by %s", got)
	}
	if got := jobs[5].Command; got != "kubectl --namespace ada describe job lag-quick-a" {
		t.Errorf("why it has no pod is shown by %s", got)
	}
	for status, want := range map[string]string{
		`"spec": {"suspend": true}, "status": {}`:                                                                           "pending Suspended",
		`"status": {"conditions": [{"type": "Failed", "status": "True", "reason": "PodFailurePolicy"}]}`:                    "failed PodFailurePolicy",
		`"status": {"completedIndexes": "0-1", "conditions": [{"type": "Failed", "status": "True", "reason": "Deadline"}]}`: "done ",
	} {
		text := fmt.Sprintf(`{"items": [{"kind": "Job", "metadata": {"name": "lag-quick-b"}, %s}]}`, status)
		jobs, err := NewKubernetes().parse([]byte(text), []Submission{{Name: "lag-quick-b", Workers: 1}})
		if err != nil || len(jobs) != 1 || words(jobs)[0] != "lag-quick-b-0 "+want+" last" {
			t.Errorf("%s: %q, %v, want %s", status, words(jobs), err, want)
		}
	}
}

const lookForContext = `kubectl config view --minify -o jsonpath={.contexts[0].context.namespace}{" "}{.current-context}`

// TestKubernetesContext: jobs are looked for where they were submitted, wherever
// kubectl goes later.
func TestKubernetesContext(t *testing.T) {
	for said, want := range map[string]string{
		`echo 'team far away'`: "--context far away --namespace team ", // the namespace of the context
		`echo ' near'`:         "--context near --namespace default ",
		`exit 1`:               "", // in a pod, without a configuration
	} {
		calls := commands(t, map[string]string{"kubectl": `[ "$1" != config ] || { ` + said + `; exit; }; [ "$2" = apply ] || echo '{}'`})
		s := onKubernetes(t, "lag-quick-a", "", 1)
		e, err := s.engine()
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Submit(t.Context(), quick(), s, func(now Submission) error { s = now; return nil }); err != nil {
			t.Fatal(err)
		}
		jobs, err := NewKubernetes().Status(t.Context(), []Submission{s, onKubernetes(t, "lag-quick-b", "", 1)})
		if err != nil || len(jobs) != 2 {
			t.Errorf("%q, %v", words(jobs), err)
		}
		if err := NewKubernetes().Cancel(t.Context(), []Submission{s}, jobs); err != nil {
			t.Error(err)
		}
		got := called(t, calls)
		for i, part := range map[int]string{0: lookForContext, 1: "kubectl " + want + "get persistentvolumeclaim", 2: "kubectl " + want + "apply", 3: "kubectl " + want + "get jobs", len(got) - 1: "kubectl " + want + "delete"} {
			if !strings.HasPrefix(got[i], part) {
				t.Errorf("%s: command %d is %s, want %s", said, i, got[i], part)
			}
		}
	}
}

// TestKubernetesRemoved: of a Job that is removed, no pod is replaced, though some
// may still save; and what was cancelled is known to be, when nothing is left of it.
func TestKubernetesRemoved(t *testing.T) {
	const left = `{"items": [%s
{"kind": "Pod", "metadata": {"name": "lag-quick-a-0-aaaaa", "labels": {"lag-submission": "lag-quick-a"}, "annotations": {"batch.kubernetes.io/job-completion-index": "0"}, "creationTimestamp": "2026-11-30T09:00:00Z", "deletionTimestamp": "2026-11-30T09:10:00Z"},
 "spec": {"nodeName": "n1"}, "status": {"phase": "Running", "startTime": "2026-11-30T09:00:01Z"}},
{"kind": "Pod", "metadata": {"name": "lag-quick-a-1-aaaaa", "labels": {"lag-submission": "lag-quick-a"}, "annotations": {"batch.kubernetes.io/job-completion-index": "1"}, "creationTimestamp": "2026-11-30T09:00:00Z"},
 "spec": {}, "status": {"phase": "Succeeded"}}]}`
	for _, job := range []string{"", `{"kind": "Job", "metadata": {"name": "lag-quick-a", "deletionTimestamp": "2026-11-30T09:10:00Z"}},`} {
		for cancelled, last := range map[bool]State{false: Unknown, true: Cancelled} {
			jobs, err := NewKubernetes().parse(fmt.Appendf(nil, left, job), []Submission{{Name: "lag-quick-a", Workers: 3, Cancelled: cancelled}})
			if err != nil || len(jobs) != 3 || jobs[0].State != Cancelled || jobs[0].Words != "Terminating" || jobs[1].State != Done || jobs[2].State != last {
				t.Errorf("%q, %v; want the last to be %s", words(jobs), err, last)
			}
		}
	}
}

// TestKubernetesCommands checks what kubectl is told.
func TestKubernetesCommands(t *testing.T) {
	dir := t.TempDir()
	calls := commands(t, map[string]string{"kubectl": fmt.Sprintf("[ \"$1\" = get ] || cat >%s/input", dir)})
	s := onKubernetes(t, "lag-quick-a", "", 3)
	e, err := s.engine()
	if err != nil {
		t.Fatal(err)
	}
	var now Submission
	if err := e.Submit(t.Context(), quick(), s, func(s Submission) error { now = s; return nil }); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(now.Jobs) != "[{lag-quick-a 3}]" || now.Last != "lag-quick-a" {
		t.Errorf("%+v", now)
	}
	want, err := e.Describe(quick(), s)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "input")); err != nil || string(got) != want {
		t.Errorf("kubectl gets %s, %v", got, err)
	}
	jobs := []Job{{ID: "lag-quick-a-1", Works: true, Batch: "lag-quick-a"}}
	if err := e.Cancel(t.Context(), []Submission{s, onKubernetes(t, "lag-quick-b", "", 1)}, jobs); err != nil {
		t.Fatal(err)
	}
	if got, want := called(t, calls), []string{lookForContext, claimCommand, "kubectl apply -f -", "kubectl delete --ignore-not-found --wait=false job/lag-quick-a configmap/lag-quick-a"}; !cmp.Equal(got, want) {
		t.Errorf("commands: %q, want %q", got, want)
	}
	calls = commands(t, map[string]string{"kubectl": `echo 'error: exceeded quota' >&2; exit 1`})
	if err := e.Submit(t.Context(), quick(), s, func(Submission) error { return nil }); err == nil || err.Error() != `kubectl: exceeded quota` {
		t.Errorf("%v", err)
	}
	if got, want := called(t, calls), []string{lookForContext, claimCommand, "kubectl apply -f -", "kubectl delete --ignore-not-found --wait=false job/lag-quick-a configmap/lag-quick-a"}; !cmp.Equal(got, want) {
		t.Errorf("what was refused may be there in part: %q, want %q", got, want)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := e.Status(t.Context(), []Submission{s}); err == nil || !strings.Contains(err.Error(), "kubectl: there is no such command on the path") {
		t.Errorf("%v", err)
	}
}

const claimCommand = "kubectl get persistentvolumeclaim runs -o json"

// TestKubernetesClaim: a volume that the workers cannot share is refused, with those
// that there are.
func TestKubernetesClaim(t *testing.T) {
	const missing = `echo 'Error from server (NotFound): persistentvolumeclaims "runs" not found' >&2; exit 1`
	modes := func(list string) string { return `echo '{"spec": {"accessModes": [` + list + `]}}'` }
	for _, test := range []struct {
		claim, claims, nodes string // what kubectl does
		workers              int
		want                 string // the error; empty for none
	}{
		{modes(`"ReadWriteMany"`), "exit 1", "exit 1", 8, ""},
		{modes(`"ReadWriteOnce", "ReadWriteMany"`), "exit 1", "exit 1", 8, ""},
		{modes(`"ReadWriteOnce"`), "exit 1", "exit 1", 1, ""},
		{modes(`"ReadWriteOnce"`), "exit 1", "echo node/n1", 8, ""},
		{modes(`"ReadWriteOnce"`), "exit 1", "printf 'node/n1\nnode/n2\n'", 8, "claim: the volume of runs is written from one node only (ReadWriteOnce), and 8 workers may be on several; use a claim with ReadWriteMany, or one worker"},
		{modes(`"ReadWriteOnce"`), "exit 1", "exit 1", 2, "claim: the volume of runs is written from one node only"},
		{modes(`"ReadWriteOncePod"`), "exit 1", "echo node/n1", 1, ""},
		{modes(`"ReadWriteOncePod"`), "exit 1", "echo node/n1", 2, "claim: the volume of runs cannot be written by 2 workers (ReadWriteOncePod)"},
		{modes(`"ReadOnlyMany"`), "exit 1", "echo node/n1", 1, "claim: the volume of runs cannot be written by 1 worker"},
		{missing, "printf 'persistentvolumeclaim/run\npersistentvolumeclaim/home\n'", "exit 1", 8, `claim: there is no PersistentVolumeClaim "runs" (did you mean "run"?); there are run, home`},
		{missing, "true", "exit 1", 8, `claim: there is no PersistentVolumeClaim "runs", nor any other in that namespace`},
		{missing, "exit 1", "exit 1", 8, `kubectl: Error from server (NotFound): persistentvolumeclaims "runs" not found`},
		{"echo 'Error from server (Forbidden): no' >&2; exit 1", "exit 1", "exit 1", 8, ""}, // the server decides
	} {
		commands(t, map[string]string{"kubectl": fmt.Sprintf("case \"$*\" in *'persistentvolumeclaim runs'*) %s ;; *persistentvolumeclaims*) %s ;; *nodes*) %s ;; esac", test.claim, test.claims, test.nodes)})
		k := NewKubernetes()
		k.Image, k.Claim = "lag", "runs"
		err := k.checkClaim(t.Context(), test.workers)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// TestKubernetesErrors: of what kubectl says, the error has the reason, once.
func TestKubernetesErrors(t *testing.T) {
	for said, want := range map[string]string{
		`E1130 12:37:19.877155    6229 memcache.go:381] "Couldn't get current server API group list" err="connection refused"
E1130 12:37:19.877482    6229 memcache.go:381] "Couldn't get current server API group list" err="connection refused"
The connection to the server 127.0.0.1:27999 was refused - did you specify the right host or port?
`: "The connection to the server 127.0.0.1:27999 was refused - did you specify the right host or port?",
		`Error from server (NotFound): error when creating "STDIN": namespaces "nope" not found
Error from server (NotFound): error when creating "STDIN": namespaces "nope" not found
`: `Error from server (NotFound): error when creating "STDIN": namespaces "nope" not found`,
		"E1130 12:37:19.877482    6229 run.go:1] nothing else\n": "E1130 12:37:19.877482    6229 run.go:1] nothing else",
	} {
		if got := oneLine("kubectl", said); got != want {
			t.Errorf("%q becomes %q", said, got)
		}
	}
}

// TestKubernetesRules: the server changes some of a command, takes exit codes in
// ascending order only, and looks at the rules in theirs.
func TestKubernetesRules(t *testing.T) {
	k := NewKubernetes()
	k.Image, k.Claim = "lag", "runs"
	text, err := k.manifest(quick(), onKubernetes(t, "lag-quick-a", "", 2))
	if err != nil {
		t.Fatal(err)
	}
	// It replaces $$ by $, and $(NAME) where there is such a variable.
	if bytes.Contains(text, []byte("$$")) {
		t.Error("the pods' command has $$, of which Kubernetes makes $")
	}
	var list struct {
		Items []struct {
			Spec struct {
				Policy struct {
					Rules []struct {
						Action string `json:"action"`
						Codes  struct {
							Values []int `json:"values"`
						} `json:"onExitCodes"`
					} `json:"rules"`
				} `json:"podFailurePolicy"`
			} `json:"spec"`
		} `json:"items"`
	}
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(list.Items[1].Spec.Policy.Rules); got != "[{Ignore {[]}} {Ignore {[75 130 143]}} {FailJob {[2]}}]" {
		t.Errorf("the rules are %s", got)
	}
}
