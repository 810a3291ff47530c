// libtorch's random generator and its count of tensors belong to the process: a test that draws numbers, or counts, would
// see what another one draws at the same moment. The trainer itself has one loop a process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
