// Package notebook is for the cells of GoNB notebooks. A cell says in one
// sentence where it was stopped or why it failed, and shows no stack.
//
//	study := notebook.Must1(lag.Open(config, lag.Options{Dir: dir, Observe: notebook.Live()}))
//	result := notebook.Must1(study.Run(notebook.Context()))
//	notebook.Show(figure.CorrelationCurve(result))
//
// A cell is a program. [Must], and the functions that need no error result, end
// it. If the stop button was pressed and what was trained is saved, the exit
// status is 0, because nothing failed and GoNB would add a red "exit status"
// twice. For every other error it is 1, so that the cell counts as failed; GoNB
// then prints "exit status 1" below the sentence. GoNB does not end the cells
// that wait when one fails or is stopped; [Context] does.
//
// If a cell that GoNB runs imports this package, what the library logs is
// printed as plain lines, each once, and not in red. Outside a notebook the
// package changes nothing until a function is called.
//
// The package does not import the training engine, so that cells that only draw
// are linked quickly.
package notebook
