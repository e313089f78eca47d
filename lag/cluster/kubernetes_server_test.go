package cluster

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// kubernetesServer returns a new namespace of the cluster to which KUBECONFIG
// leads, where LAG_REQUIRE_KUBERNETES says that tests may use it. Nothing runs
// there.
func kubernetesServer(t *testing.T) (namespace string) {
	t.Helper()
	if os.Getenv("LAG_REQUIRE_KUBERNETES") == "" || os.Getenv("KUBECONFIG") == "" {
		t.Skip("set KUBECONFIG and LAG_REQUIRE_KUBERNETES=1, and a real server reads the manifests, in a namespace of their own that is removed; no pods are made")
	}
	namespace = "lag-test-" + suffix()
	kubectlOf(t, "", "create", "namespace", namespace)
	t.Cleanup(func() { kubectlOf(t, "", "delete", "--wait=false", "namespace", namespace) })
	return namespace
}

// kubectlOf runs kubectl and returns its output.
func kubectlOf(t *testing.T, input string, arguments ...string) string {
	t.Helper()
	c := exec.Command("kubectl", arguments...)
	c.Stdin = strings.NewReader(input)
	var said strings.Builder
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		t.Fatalf("kubectl %q: %v: %s", arguments, err, &said)
	}
	if said.Len() > 0 {
		t.Errorf("kubectl %q warns: %s", arguments, &said)
	}
	return string(out)
}

// TestKubernetesServer has a real server read every manifest of testdata. It must
// know all of the fields, and keep what they say.
func TestKubernetesServer(t *testing.T) {
	namespace := kubernetesServer(t)
	paths, err := filepath.Glob(filepath.Join("testdata", "kubernetes*.json"))
	if err != nil || len(paths) < 3 {
		t.Fatalf("%v, %v", paths, err)
	}
	for _, path := range paths {
		level := "baseline"
		if filepath.Base(path) == restrictedManifest {
			level = "restricted"
		}
		kubectlOf(t, "", "label", "--overwrite", "namespace", namespace, "pod-security.kubernetes.io/warn="+level) // and a warning is an error
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		mine := strings.ReplaceAll(string(text), `"namespace": "ada"`, `"namespace": "`+namespace+`"`)
		theirs := kubectlOf(t, mine, "--namespace", namespace, "apply", "--dry-run=server", "--validate=strict", "-o", "json", "-f", "-")
		var sent, taken any
		if err := json.Unmarshal([]byte(mine), &sent); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(theirs), &taken); err != nil {
			t.Fatal(err)
		}
		for _, changed := range within(sent, taken, path) {
			t.Error(changed)
		}
	}
}

// within returns where a part of a is not in b.
func within(a, b any, place string) (differences []string) {
	switch a := a.(type) {
	case map[string]any:
		other, _ := b.(map[string]any)
		for name, v := range a {
			differences = append(differences, within(v, other[name], place+"."+name)...)
		}
		return differences
	case []any:
		other, _ := b.([]any)
		if len(a) != len(other) {
			return []string{place + ": another number of elements"}
		}
		for i := range a {
			differences = append(differences, within(a[i], other[i], place+"[]")...)
		}
		return differences
	}
	if !reflect.DeepEqual(a, b) {
		differences = append(differences, place+": another value")
	}
	return differences
}

// claimOf makes a claim for which there need not be a volume.
func claimOf(t *testing.T, namespace, name, mode string) {
	t.Helper()
	kubectlOf(t, fmt.Sprintf(`{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": %q},
"spec": {"accessModes": [%q], "storageClassName": "lag-test-none", "resources": {"requests": {"storage": "1Mi"}}}}`, name, mode),
		"--namespace", namespace, "apply", "-f", "-")
}

// TestKubernetesSuspended submits a suspended Job to a real server, which makes no
// pods, asks for it, and cancels it.
func TestKubernetesSuspended(t *testing.T) {
	namespace := kubernetesServer(t)
	k := NewKubernetes()
	k.Image, k.Claim, k.Namespace, k.Suspend = "lag", "runs", namespace, true
	w := hard()
	runs := t.TempDir()
	w.Dir, w.Data, w.From = filepath.Join(runs, "study"), filepath.Join(runs, "data"), runs
	_, err := Start(t.Context(), k, w, 3, Progress{})
	if want := `claim: there is no PersistentVolumeClaim "runs", nor any other in that namespace`; err == nil || err.Error() != want {
		t.Errorf("without the claim: %v", err)
	}
	claimOf(t, namespace, "runs", "ReadWriteMany")
	claimOf(t, namespace, "books", "ReadOnlyMany")
	k.Claim = "books"
	if _, err := Start(t.Context(), k, w, 3, Progress{}); err == nil || !strings.HasPrefix(err.Error(), "claim: the volume of books cannot be written by 3 workers (ReadOnlyMany)") {
		t.Errorf("with a claim that nobody writes: %v", err)
	}
	k.Claim = "runs"
	started, err := Start(t.Context(), k, w, 3, Progress{})
	if err != nil || started.Submitted != 3 {
		t.Fatalf("%+v, %v", started, err)
	}
	jobs, err := Look(t.Context(), w.Dir)
	if err != nil || len(jobs) != 3 || jobs[0].State != Pending || jobs[0].Words != "Suspended" {
		t.Errorf("%q, %v", words(jobs), err)
	}
	if again, err := Start(t.Context(), k, w, 3, Progress{}); err != nil || again.Submitted != 0 || again.Alive != 3 {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	if cancelled, err := Cancel(t.Context(), w.Dir); err != nil || len(cancelled) != 3 {
		t.Errorf("%q, %v", words(cancelled), err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		jobs, err := Look(t.Context(), w.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if tally(jobs).alive == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it is still there: %q", words(jobs))
		}
	}
	left := kubectlOf(t, "", "--namespace", namespace, "get", "jobs,configmaps,pods", "-l", submissionLabel, "-o", "name")
	if left != "" {
		t.Errorf("cancelling leaves %s", left)
	}
}
