// Package runs lists and cleans the directories of studies, stackings and
// trainings. [Find] lists them with their sizes, and [PlanCleaning] lists what
// a complete one no longer needs. [Copy] gives another study the runs that it need
// not train again.
//
// It only reads and copies files: it opens no backend and trains nothing.
package runs
