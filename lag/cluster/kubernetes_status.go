package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// completionIndex is the annotation with the index of a pod.
const completionIndex = "batch.kubernetes.io/job-completion-index"

// resource is what is read of Jobs and pods.
type resource struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name        string            `json:"name"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		Created     time.Time         `json:"creationTimestamp"`
		Deleted     *time.Time        `json:"deletionTimestamp"`
	} `json:"metadata"`
	Spec struct {
		Suspend bool   `json:"suspend"`
		Node    string `json:"nodeName"`
	} `json:"spec"`
	Status struct {
		Phase      string      `json:"phase"` // of a pod
		Reason     string      `json:"reason"`
		Began      *time.Time  `json:"startTime"`
		Completed  string      `json:"completedIndexes"` // of a Job
		Failed     string      `json:"failedIndexes"`
		Conditions []condition `json:"conditions"`
		Containers []struct {
			State struct {
				Waiting    *struct{ Reason string } `json:"waiting"`
				Terminated *struct {
					Code   int    `json:"exitCode"`
					Reason string `json:"reason"`
				} `json:"terminated"`
			} `json:"state"`
		} `json:"containerStatuses"`
	} `json:"status"`
}

type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// parse returns the jobs of submissions from the Jobs and the pods that kubectl
// printed: one for each index, which may have had several pods. Its ID is the name
// of the newest, which locks say, see package job.
func (k *Kubernetes) parse(text []byte, list []Submission) (jobs []Job, err error) {
	var found struct {
		Items []resource `json:"items"`
	}
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, fmt.Errorf("kubectl printed no JSON: %w", err)
	}
	// The newest pod of an index first.
	slices.SortStableFunc(found.Items, func(a, b resource) int {
		return cmp.Or(b.Metadata.Created.Compare(a.Metadata.Created), cmp.Compare(a.Metadata.Name, b.Metadata.Name))
	})
	for _, s := range list {
		i := slices.IndexFunc(found.Items, func(r resource) bool { return r.Kind == "Job" && r.Metadata.Name == s.Name })
		var its *resource
		if i >= 0 {
			its = &found.Items[i]
		}
		for index := range max(1, s.Workers) {
			j := Job{ID: s.Name + "-" + strconv.Itoa(index), Works: true, Last: index == 0, State: Unknown, Batch: s.Name}
			pod := slices.IndexFunc(found.Items, func(r resource) bool {
				return r.Kind == "Pod" && r.Metadata.Labels[submissionLabel] == s.Name && r.Metadata.Annotations[completionIndex] == strconv.Itoa(index)
			})
			if pod >= 0 {
				j.ofPod(found.Items[pod])
				j.Command = quoted(k.kubectl([]string{"logs", found.Items[pod].Metadata.Name}))
			} else {
				j.Command = quoted(k.kubectl([]string{"describe", "job", s.Name}))
			}
			switch {
			case its != nil && its.Metadata.Deleted == nil:
				j.ofJob(its, index)
			case j.State.Alive() || s.Cancelled && j.State == Unknown: // its Job is removed, and with it what is left of its pods
				j.State = Cancelled
			}
			if j.State == Pending && j.Words == "Failed" {
				j.Words = "Failed, comes again" // after ten seconds, and twice as many each time
			}
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}

// ofPod takes over what the newest pod of the index says.
func (j *Job) ofPod(pod resource) {
	j.ID, j.Words, j.Reason = pod.Metadata.Name, pod.Status.Phase, pod.Status.Reason
	switch pod.Status.Phase {
	case "Running":
		j.State, j.Node = Running, pod.Spec.Node
	case "Succeeded":
		j.State = Done
	default: // a failed one is replaced as long as its Job lives
		j.State = Pending
	}
	if pod.Status.Began != nil && j.State == Running {
		j.Began = pod.Status.Began.Local()
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == "PodScheduled" && c.Status == "False" {
			j.Reason = strings.TrimSpace(c.Reason + ": " + c.Message)
		}
	}
	for _, c := range pod.Status.Containers {
		switch {
		case c.State.Waiting != nil && c.State.Waiting.Reason != "":
			j.Reason = c.State.Waiting.Reason // such as ImagePullBackOff
		case c.State.Terminated != nil && c.State.Terminated.Code != 0:
			j.Reason = fmt.Sprintf("exit code %d", c.State.Terminated.Code)
			if r := c.State.Terminated.Reason; r != "" && r != "Error" {
				j.Reason = r // such as OOMKilled
			}
		}
	}
	if pod.Metadata.Deleted != nil && j.State == Running {
		j.Words = "Terminating"
	}
}

// ofJob takes over what the Job says of an index.
func (j *Job) ofJob(its *resource, index int) {
	switch {
	case has(its.Status.Completed, index):
		j.State = Done
		return
	case has(its.Status.Failed, index):
		j.State = Failed
		return
	}
	for _, c := range its.Status.Conditions {
		if c.Type == "Failed" && c.Status == "True" {
			j.State, j.Words = Failed, c.Reason
			return
		}
	}
	switch {
	case its.Spec.Suspend && j.State != Running:
		j.State, j.Words, j.Reason = Pending, "Suspended", ""
	case j.State == Unknown:
		j.State, j.Words = Pending, waiting
	}
}

// waiting is the word for an index whose pod is not made yet.
const waiting = "Waiting"

func waitsForPod(j Job) bool { return j.State == Pending && j.Words == waiting }

// whyNoPods gives the jobs that have no pods the reason that the server gives: a
// quota or a policy of the namespace, say. Not everybody may read events, so that an
// error of that is none here.
func (k *Kubernetes) whyNoPods(ctx context.Context, jobs []Job) {
	out, err := k.question(ctx, "get", "events", "--field-selector", "type=Warning,reason=FailedCreate", "-o", "json")
	if err != nil {
		return
	}
	var found struct {
		Items []struct {
			Object struct {
				Name string `json:"name"`
			} `json:"involvedObject"`
			Message string `json:"message"`
		} `json:"items"`
	}
	if json.Unmarshal([]byte(out), &found) != nil {
		return
	}
	for i := range jobs {
		for _, event := range found.Items {
			if waitsForPod(jobs[i]) && event.Object.Name == jobs[i].Batch {
				jobs[i].Reason = event.Message
			}
		}
	}
}

// has reports whether an index is in a list such as 0,2-4.
func has(list string, index int) bool {
	for part := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		if err != nil {
			continue
		}
		to := from
		if isRange {
			if to, err = strconv.Atoi(last); err != nil {
				continue
			}
		}
		if from <= index && index <= to {
			return true
		}
	}
	return false
}
