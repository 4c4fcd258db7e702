using SharpFuzz;

namespace CardIssue.Fuzz;

/// <summary>Rewrites CardIssue's own assemblies in a copy of the program's folder so that they count the branches that they take.</summary>
internal static class Instrumentation
{
    /// <summary>Instruments <c>CardIssue.*.dll</c> and <c>virtualcard.dll</c> in a folder, those that are not yet; 0 when all went
    /// well.</summary>
    public static int Instrument(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.dll").Where(IsOurs))
        {
            // It writes beside and replaces: what is instrumented already says so.
            try
            {
                var types = Fuzzer.Instrument(file, _ => true, Options.Value).Count();
                Console.WriteLine($"{Path.GetFileName(file)}: {types} types count their branches.");
            }
            catch (InstrumentationException e)
            {
                Console.Error.WriteLine($"{file}: {e.Message}");
                return 1;
            }
        }
        return 0;
    }

    private static bool IsOurs(string file) =>
        Path.GetFileName(file) is var name && (name is "virtualcard.dll" || name.StartsWith("CardIssue.", StringComparison.Ordinal)
            && name is not "CardIssue.Fuzz.dll");
}
