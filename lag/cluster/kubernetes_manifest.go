package cluster

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed kubernetes.sh.tmpl
var kubernetesText string

var kubernetesTemplate = template.Must(template.New("kubernetes.sh").Parse(kubernetesText))

// submissionLabel is the label by which the Job and the pods of a submission are
// found.
const submissionLabel = "lag-submission"

// configMount is where pods find the configuration.
const configMount = "/etc/lag"

// object is a JSON object of Kubernetes. The types of k8s.io/api would bring 16
// modules more for this one manifest, and only the server knows all of its rules.
type object = map[string]any

// manifest returns what kubectl applies: the configuration, as a ConfigMap, and the
// Job. Keys are in the order of the alphabet, so the text depends on nothing else.
func (k *Kubernetes) manifest(w Work, s Submission) ([]byte, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if filepath.Dir(w.Data) != filepath.Dir(w.Dir) {
		return nil, fmt.Errorf("data: %s is not beside %s, and a claim holds only what is beside that; put it there too", w.Data, w.Dir)
	}
	labels := object{"app.kubernetes.io/name": "lag", submissionLabel: s.Name}
	pod, err := k.pod(w, s)
	if err != nil {
		return nil, err
	}
	n := max(1, s.Workers)
	spec := object{
		"completionMode": "Indexed", "completions": n, "parallelism": n, "backoffLimitPerIndex": k.Retries,
		// No second worker of an index before the first has ended, for its locks may still be there.
		"podReplacementPolicy": "Failed",
		"podFailurePolicy": object{"rules": []object{
			// In the order in which the server looks. Ended from outside, or interrupted and saved: again, and not counted.
			{"action": "Ignore", "onPodConditions": []object{{"type": "DisruptionTarget", "status": "True"}}},
			{"action": "Ignore", "onExitCodes": object{"containerName": "lag", "operator": "In", "values": []int{75, 130, 143}}},
			// Wrong usage: the others would say the same.
			{"action": "FailJob", "onExitCodes": object{"containerName": "lag", "operator": "In", "values": []int{2}}},
		}},
		"template": object{"metadata": object{"labels": labels}, "spec": pod},
	}
	if k.Time > 0 {
		spec["activeDeadlineSeconds"] = int(k.Time.seconds())
	}
	jobLabels := object{}
	for name, value := range labels {
		jobLabels[name] = value
	}
	if k.Queue != "" {
		jobLabels["kueue.x-k8s.io/queue-name"] = k.Queue
	}
	if k.Suspend || k.Queue != "" { // Kueue starts Jobs that are suspended
		spec["suspend"] = true
	}
	list := object{"apiVersion": "v1", "kind": "List", "items": []object{
		{"apiVersion": "v1", "kind": "ConfigMap", "metadata": k.metadata(s.Name, labels), "data": object{configName: string(w.Config)}},
		{"apiVersion": "batch/v1", "kind": "Job", "metadata": k.metadata(s.Name, jobLabels), "spec": spec},
	}}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(list)
	return text.Bytes(), err
}

// pod returns what the pods are.
func (k *Kubernetes) pod(w Work, s Submission) (object, error) {
	script, err := k.script(w)
	if err != nil {
		return nil, err
	}
	resources, err := k.resources()
	if err != nil {
		return nil, err
	}
	container := object{
		"name": "lag", "image": k.Image, "workingDir": path.Dir(k.Mount), "command": []string{"bash", "-c", script}, "resources": resources,
		"env": []object{
			{"name": "LAG_CORES", "value": fmt.Sprint(k.Cores)}, // else a pod uses those of its node, whatever it may use of them
			{"name": "POD_NAME", "valueFrom": object{"fieldRef": object{"fieldPath": "metadata.name"}}},
		},
		"volumeMounts": []object{{"name": "runs", "mountPath": k.Mount}, {"name": "config", "mountPath": configMount, "readOnly": true}},
	}
	pod := object{
		"restartPolicy":                 "Never",
		"terminationGracePeriodSeconds": int(k.Grace.seconds()),
		"automountServiceAccountToken":  false,
		"containers":                    []object{container},
		"volumes": []object{
			{"name": "runs", "persistentVolumeClaim": object{"claimName": k.Claim}},
			{"name": "config", "configMap": object{"name": s.Name}},
		},
	}
	if k.User > 0 {
		pod["securityContext"] = object{
			"runAsUser": k.User, "runAsNonRoot": true, "fsGroup": k.User, "fsGroupChangePolicy": "OnRootMismatch",
			"seccompProfile": object{"type": "RuntimeDefault"},
		}
		container["securityContext"] = object{"allowPrivilegeEscalation": false, "capabilities": object{"drop": []string{"ALL"}}}
	}
	return pod, nil
}

func (k *Kubernetes) metadata(name string, labels object) object {
	m := object{"name": name, "labels": labels}
	if k.Namespace != "" {
		m["namespace"] = k.Namespace
	}
	return m
}

// resources returns what a pod requests and may use: the same, so that it has its
// cores for itself where the nodes give them out.
func (k *Kubernetes) resources() (object, error) {
	some := object{"cpu": fmt.Sprint(k.Cores)}
	number, unit, err := k.memory()
	if err != nil {
		return nil, err
	}
	if number != "" {
		some["memory"] = number + unit + "i" // powers of 1024
	}
	if k.GPUs > 0 {
		some["nvidia.com/gpu"] = fmt.Sprint(k.GPUs)
	}
	return object{"requests": some, "limits": some}, nil
}

// script returns what a pod runs.
func (k *Kubernetes) script(w Work) (string, error) {
	p := places{"lag", path.Join(configMount, configName), path.Join(k.Mount, filepath.Base(w.Dir)), path.Join(k.Mount, filepath.Base(w.Data))}
	var b strings.Builder
	err := kubernetesTemplate.Execute(&b, map[string]any{"Worker": quoted(w.worker(p)), "Plain": quoted(w.plain(p)), "Report": quoted(w.report(p))})
	return b.String(), err
}
