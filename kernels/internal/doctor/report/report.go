// Package report defines what the probe of a backend reports to the doctor.
package report

// A Probe is the outcome of trying one backend.
type Probe struct {
	Major, Minor int      // PJRT version of an XLA plugin; 0 and 0 if it was not loaded
	Devices      []string // devices of an XLA plugin
	Description  string   // from the backend
	Ran          bool     // whether a small graph gave the right result
	Checked      string   // what else was computed and agrees with float64, in words; "" if it was not checked
	Error        string
}
