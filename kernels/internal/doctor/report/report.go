// Package report holds what the probe of a backend tells the doctor.
package report

// A Probe is the outcome of trying one backend.
type Probe struct {
	Major, Minor int      // PJRT version of an XLA plugin, 0 and 0 where it was not loaded
	Devices      []string // of an XLA plugin
	Description  string   // the backend's own
	Ran          bool     // whether a small graph gave the right result
	Error        string
}
