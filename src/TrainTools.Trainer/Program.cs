using TrainTools.Trainer.Hosting;

return new TrainerProgram(training: null, generation: null).Main(args);
