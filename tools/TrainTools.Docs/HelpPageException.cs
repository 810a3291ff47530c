namespace TrainTools.Docs;

/// <summary>A page that is not as help pages are. The message is in the form of a compiler's: file(line): error.</summary>
public sealed class HelpPageException(string file, int line, string message) : Exception($"{file}({line}): error HELP: {message}");
