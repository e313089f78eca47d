// Command kernels sets up, opens, runs and checks this repository's notebooks.
//
//	go run ./kernels setup            make what is missing
//	go run ./kernels lab              set up, then open JupyterLab
//	go run ./kernels run [NOTEBOOK]   execute notebooks without a browser
//	go run ./kernels doctor           say what works here and what is missing
//
// All it makes lies in .lag in the checkout, except for the XLA plugin, which
// lies where go-xla looks for it. Work in progress has a temporary name, so that
// a set-up may be interrupted at any moment and run again.
package main
