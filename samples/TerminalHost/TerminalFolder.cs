using CardIssue.Core.Keys;
using CardIssue.TerminalHost.Cli;

namespace CardIssue.TerminalHost;

/// <summary>The terminal's folder. It never holds anything of an order: keys, sealed, and two public identities.</summary>
/// <param name="Path">The folder.</param>
internal sealed record TerminalFolder(string Path)
{
    private const int MaxLength = 64 * 1_024;

    /// <summary>The module's sealed file.</summary>
    public string Module => System.IO.Path.Combine(Path, "module.json");

    /// <summary>The module's file until the center knows it.</summary>
    public string Enrolling => Module + ".enrolling";

    /// <summary>Empty, beside it: what writes it has this for itself. Of use no longer than it.</summary>
    public string EnrollingLock => Enrolling + ".lock";

    /// <summary>The terminal's public identity, for enrolment at the center.</summary>
    public string Terminal => System.IO.Path.Combine(Path, "terminal.json");

    /// <summary>The public identity of the center that the module trusts.</summary>
    public string Center => System.IO.Path.Combine(Path, "center.json");

    /// <summary>The operators who may work here; not there while nobody logs in.</summary>
    public string Operators => System.IO.Path.Combine(Path, "operators.json");

    /// <summary>Reads a center's public identity.</summary>
    /// <exception cref="CommandException">It is missing or is none.</exception>
    public static CenterIdentity ReadCenter(string path)
    {
        if (!InputFile.IsThere(path))
            throw new CommandException(ExitCode.File, $"{path} does not exist. It is the center's public identity, which `centerhost init` writes: bring it here and name it with --center FILE.");
        return Parse(() => CenterIdentity.Read(InputFile.ReadAll(path, MaxLength), path));
    }

    /// <summary>Reads this terminal's public identity.</summary>
    /// <exception cref="CommandException">It is missing or is none.</exception>
    public TerminalIdentity ReadTerminal()
    {
        if (!InputFile.IsThere(Terminal)) throw new CommandException(ExitCode.File, $"{Terminal} does not exist; make the module with `terminalhost module init` first, or name its folder with --data DIR.");
        return Parse(() => TerminalIdentity.Read(InputFile.ReadAll(Terminal, MaxLength), Terminal));
    }

    private static T Parse<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (FormatException e)
        {
            throw new CommandException(ExitCode.Usage, e.Message, e);
        }
    }
}
