// Package job tells which job of a cluster's scheduler this process belongs to, from
// the environment that Slurm and Kubernetes give it.
package job

import (
	"cmp"
	"os"
)

// longest is the length of a name in bytes that [Name] returns at most.
const longest = 100

// Name returns the name of this process's job as the scheduler's own commands take
// it, or "" if it has none:
//
//	Slurm        12, or 12_3 for task 3 of the array 12
//	Kubernetes   the name of the pod (POD_NAME, which its manifest has to set), or else
//	             its host name, which has no suffix, for a pod of an Indexed Job
//	others       LAG_JOB, which who starts the workers may set
func Name() string {
	name := ""
	array, task := os.Getenv("SLURM_ARRAY_JOB_ID"), os.Getenv("SLURM_ARRAY_TASK_ID")
	switch {
	case array != "" && task != "":
		name = array + "_" + task
	case os.Getenv("SLURM_JOB_ID") != "":
		name = os.Getenv("SLURM_JOB_ID")
	case os.Getenv("LAG_JOB") != "":
		name = os.Getenv("LAG_JOB")
	case os.Getenv("JOB_COMPLETION_INDEX") != "":
		if name = cmp.Or(os.Getenv("POD_NAME"), os.Getenv("HOSTNAME")); name == "" {
			name, _ = os.Hostname() // without it there is only the index
		}
		if name == "" {
			name = "index " + os.Getenv("JOB_COMPLETION_INDEX")
		}
	}
	return name[:min(len(name), longest)]
}
