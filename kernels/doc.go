// Command kernels sets up, opens, runs and checks this repository's notebooks,
// and runs its READMEs.
//
//	go run ./kernels setup            install what is missing
//	go run ./kernels lab              set up, then open JupyterLab
//	go run ./kernels run [NOTEBOOK]   execute notebooks without a browser
//	go run ./kernels transformers     make a Python with transformers, for notebook 07
//	go run ./kernels doctor           report what works here and what is missing
//	go run ./kernels install          install the kernels into your own Jupyter, for VS Code too
//	go run ./kernels uninstall        remove them from there
//	go run ./kernels readme [FILE]    run what the READMEs tell people to type
//
// All files are in .lag in the checkout, except people's copies of the notebooks,
// in my-notebooks beside it, and the XLA plugin, which is where go-xla looks for
// it. Incomplete files have temporary names, so set-up can be interrupted at any
// time and run again.
package main
