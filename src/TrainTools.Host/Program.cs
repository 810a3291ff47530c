using TrainTools.Host;

try
{
    var options = HostOptions.Parse(args);
    if (options is null)
    {
        Console.Out.WriteLine(HostOptions.Usage);
        return 0;
    }

    using var session = new HostSession(ModuleFinder.Find());
    return session.Run(options);
}
catch (HostUsageException e)
{
    Console.Error.WriteLine("TrainTools.Host: " + e.Message);
    return 2;
}
