using System.Text;
using TrainTools.Docs;

const string usage =
    """
    Makes the module's help. A build tool; the build calls it.

      TrainTools.Docs build  <folder of Markdown> <folder of the help>   MAML and about topics, as Get-Help reads them
      TrainTools.Docs update <module manifest> <folder of Markdown> [<documentation file>]
                                                              puts syntax and parameters of the built module into the pages
      TrainTools.Docs check  <module manifest> <folder of Markdown>      the same, but only says what is not current (exit code 1)
      TrainTools.Docs picture <recorded session> <picture.svg> <title>   a terminal's output with its colours as a picture
    """;

try
{
    switch (args)
    {
        case ["build", var source, var target]:
            HelpBuilder.Build(source, target);
            return 0;
        case ["update", var manifest, var folder, ..]:
            foreach (var (file, text) in HelpUpdater.Update(manifest, folder, args.ElementAtOrDefault(3)))
            {
                File.WriteAllText(file, text, new UTF8Encoding(false));
                Console.Out.WriteLine(file);
            }

            return 0;
        case ["check", var manifest, var folder]:
            var stale = HelpUpdater.Update(manifest, folder).Select(f => f.File).ToList();
            stale.ForEach(f => Console.Error.WriteLine($"{f}(1): error HELP: the page is not current; ./build.ps1 -Task Docs updates it."));
            return stale.Count == 0 ? 0 : 1;
        case ["picture", var session, var picture, var title]:
            File.WriteAllText(picture, TerminalPicture.Draw(File.ReadAllText(session), title), new UTF8Encoding(false));
            return 0;
        default:
            Console.Error.WriteLine(usage);
            return 2;
    }
}
catch (HelpPageException e)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
