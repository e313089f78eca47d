package job

import (
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want string
	}{
		{nil, ""},
		{map[string]string{"SLURM_JOB_ID": "12"}, "12"},
		{map[string]string{"SLURM_JOB_ID": "14", "SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "3"}, "12_3"},
		{map[string]string{"HOSTNAME": "node7"}, ""},
		{map[string]string{"JOB_COMPLETION_INDEX": "3", "HOSTNAME": "lag-study-3"}, "lag-study-3"},
		{map[string]string{"JOB_COMPLETION_INDEX": "3", "HOSTNAME": "lag-study-3", "POD_NAME": "lag-study-3-x7v2p"}, "lag-study-3-x7v2p"},
		{map[string]string{"HOSTNAME": "lag-study-3", "POD_NAME": "lag-study-3-x7v2p"}, ""},
		{map[string]string{"SLURM_JOB_ID": strings.Repeat("1", 200)}, strings.Repeat("1", 100)},
	} {
		for _, name := range []string{"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "HOSTNAME", "POD_NAME"} {
			t.Setenv(name, test.env[name])
		}
		if got := Name(); got != test.want {
			t.Errorf("%v: %q, want %q", test.env, got, test.want)
		}
	}
}
