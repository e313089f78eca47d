package engine

import (
	"runtime"
	"slices"
	"testing"
)

func TestAllotment(t *testing.T) {
	six := []int{1, 3, 5, 7, 9, 11}
	for _, test := range []struct {
		env  map[string]string
		want []int
	}{
		{nil, nil},
		{map[string]string{"SLURM_CPUS_PER_TASK": "6"}, nil},
		{map[string]string{"SLURM_CPUS_PER_TASK": "8"}, nil},
		{map[string]string{"SLURM_CPUS_PER_TASK": "many"}, nil},
		{map[string]string{"SLURM_CPUS_PER_TASK": "2"}, []int{1, 3}},
		{map[string]string{"SLURM_CPUS_PER_TASK": "2", "SLURM_LOCALID": "1", "SLURM_NTASKS": "3"}, []int{5, 7}},
		{map[string]string{"SLURM_CPUS_PER_TASK": "2", "SLURM_ARRAY_TASK_ID": "2", "SLURM_JOB_ID": "100", "SLURM_LOCALID": "0"}, []int{9, 11}},
		{map[string]string{"SLURM_CPUS_PER_TASK": "2", "SLURM_ARRAY_TASK_ID": "4"}, []int{5, 7}},
		{map[string]string{"SLURM_CPUS_PER_TASK": "1", "SLURM_ARRAY_TASK_ID": "1", "SLURM_NTASKS": "2", "SLURM_LOCALID": "1"}, []int{7}},
		{map[string]string{"SLURM_CPUS_PER_TASK": "4", "SLURM_JOB_ID": "101"}, []int{1, 3, 5, 7}},
		{map[string]string{"SLURM_CPUS_PER_TASK": "3", "SLURM_JOB_ID": "101"}, []int{7, 9, 11}},
		{map[string]string{"LAG_CORES": "2"}, []int{1, 3}},
		{map[string]string{"LAG_CORES": "2", "JOB_COMPLETION_INDEX": "4"}, []int{5, 7}},
		{map[string]string{"LAG_CORES": "2", "SKYPILOT_NODE_RANK": "2"}, []int{9, 11}},
		{map[string]string{"LAG_CORES": "1", "SLURM_CPUS_PER_TASK": "3"}, []int{1, 3, 5}},
		{map[string]string{"JOB_COMPLETION_INDEX": "4"}, nil},
	} {
		if got := allotment(six, func(name string) string { return test.env[name] }); !slices.Equal(got, test.want) {
			t.Errorf("%v: %v, want %v", test.env, got, test.want)
		}
	}
}

// TestTakeAllotment checks that a session uses only the cores of a task.
func TestTakeAllotment(t *testing.T) {
	before, err := allowedCores()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "linux" || len(before) < 2 {
		t.Skip("it needs Linux and two cores")
	}
	t.Setenv("SLURM_CPUS_PER_TASK", "1")
	t.Setenv("SLURM_ARRAY_TASK_ID", "1")
	defer func() {
		if err := restrict(before); err != nil {
			t.Error(err)
		}
	}()
	tinySession(t, nil)
	if got, err := allowedCores(); err != nil || !slices.Equal(got, before[1:2]) {
		t.Errorf("of %v it may use %v, %v", before, got, err)
	}
}
