using System.CommandLine;
using CardIssue.Center.Programs;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>program</c>: the application programs that products load onto cards.</summary>
internal static class ProgramCommands
{
    public static Command Make(Shell shell) => Shell.Group(
        "program", "The application programs that products load onto cards.", Add(shell), List(shell), Show(shell), Remove(shell));

    private static Argument<string> Which() => new("PROGRAM") { Description = "The program's name, or the SHA-256 of its file." };

    private static Command Add(Shell shell)
    {
        var file = new Argument<FileInfo>("FILE") { Description = $"The program's CAP file, {CapFile.MaxFile} bytes at the most." };
        var name = new Option<string?>("--name") { Description = "What people call it; the file's name when left out.", HelpName = "NAME" };
        return shell.Command("add", "Takes in a program; a product names it by what is said then.", [file, name], async (call, cancellation) =>
        {
            var path = call.Get(file)!;
            var called = call.Get(name) ?? Path.GetFileNameWithoutExtension(path.Name);
            if (!NameRule.Accepts(called))
                throw new CommandException(ExitCode.Usage, $"{called} is no name: 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ - (--name).");
            await using var center = await call.OpenAsync(cancellation);
            var bytes = ByteString.Own(InputFile.ReadAll(path.ToString(), CapFile.MaxFile));
            if (!CapFile.TryRead(bytes, out var cap, out var error)) throw new CommandException(ExitCode.Usage, $"{path}: {error}.");
            switch (await center.Programs.AddAsync(called, bytes, center.By, cancellation))
            {
                case ProgramChange.Known:
                    throw new CommandException(ExitCode.Refused, $"There is a program {called}, or this file under another name; see program list.");
                case ProgramChange.Full:
                    throw new CommandException(
                        ExitCode.Refused, $"There are {DatabaseProgramStore.MaxPrograms} programs, which are the most; see program remove.");
                case ProgramChange.NotAllowed: throw new CommandException(ExitCode.Refused, $"{center.By} may not do this any more.");
            }
            return await call.Answers.SayAsync(View(called, cap), $"Program {called} is in.\n{Text(called, cap)}");
        });
    }

    private static Command List(Shell shell)
    {
        var list = new ListOptions("program");
        return shell.Command("list", "Lists the programs.", list.With(), async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            return await call.Answers.ListAsync(list.Of(call, await center.Programs.ListAsync(cancellation), it => it.Name),
                it => new
                {
                    name = it.Name, sha256 = it.Sha256.ToString(), package = it.Package.ToString(), version = it.Version, bytes = it.Length,
                    addedAt = it.AddedAt, addedBy = it.AddedBy,
                },
                it => $"{it.Name}  {it.Package} {it.Version}  {it.Length} bytes  {it.AddedAt:u} {it.AddedBy}  {it.Sha256}",
                "No programs; add one with program add.");
        });
    }

    private static Command Show(Shell shell)
    {
        var which = Which();
        return shell.Command("show", "Shows a program: package, applets, imports, and who uses it.", [which], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var entry = await FindAsync(center, call.Get(which)!, cancellation);
            var cap = await center.Programs.GetAsync(entry.Sha256, cancellation)
                ?? throw new CommandException(
                    ExitCode.Damaged, $"The file of program {entry.Name} is not what it was when it came in; remove it, and add it again.");
            var users = await center.Programs.UsersOfAsync(entry.Sha256, cancellation);
            return await call.Answers.SayAsync(View(entry.Name, cap, [.. users.Select(user => user.ToString())]),
                $"{Text(entry.Name, cap)}\nused by  {(users.Count == 0 ? "no product" : string.Join(", ", users))}");
        });
    }

    private static Command Remove(Shell shell)
    {
        var which = Which();
        return shell.Command("remove", "Takes a program away that no product names.", [which], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var entry = await FindAsync(center, call.Get(which)!, cancellation);
            switch (await center.Programs.RemoveAsync(entry.Sha256, center.By, cancellation))
            {
                case ProgramChange.InUse:
                    throw new CommandException(ExitCode.Refused, $"A product loads program {entry.Name}; see program show {entry.Name}.");
                case ProgramChange.NotAllowed: throw new CommandException(ExitCode.Refused, $"{center.By} may not do this any more.");
            }
            return await call.Answers.SayAsync(new { ok = true, name = entry.Name }, $"Program {entry.Name} is taken away.");
        });
    }

    private static async Task<ProgramEntry> FindAsync(OpenCenter center, string which, CancellationToken cancellation) =>
        (await center.Programs.ListAsync(cancellation)).FirstOrDefault(
            it => it.Name == which || string.Equals(it.Sha256.ToString(), which, StringComparison.OrdinalIgnoreCase))
        ?? throw new CommandException(ExitCode.Usage, $"There is no program {which}; see program list.");

    private static object View(string name, CapFile cap, string[]? products = null) => new
    {
        ok = true, name, sha256 = cap.Sha256.ToString(), package = cap.Package.ToString(), version = cap.Version.ToString(),
        format = cap.Format.ToString(), extended = cap.IsExtended,
        packages = cap.Packages.Select(package => $"{package.Package} {package.Version}"),
        applets = cap.Applets.Select(applet => applet.ToString()),
        imports = cap.Imports.Select(import => $"{import.Package} {import.Version}"),
        bytes = cap.FileLength, loaded = cap.Block.Length, loadHashes = Hashes(cap), products,
    };

    private static object Hashes(CapFile cap) =>
        new { sha1 = cap.HashOf(LoadFileHash.Sha1).ToString(), sha256 = cap.HashOf(LoadFileHash.Sha256).ToString() };

    private static string Packages(CapFile cap) => !cap.IsExtended ? ""
        : $", extended, packages {string.Join(", ", cap.Packages.Select(package => $"{package.Package} {package.Version}"))}";

    private static string Text(string name, CapFile cap) =>
        $$"""
        {"name": "{{name}}", "package": "{{cap.Package}}", "version": "{{cap.Version}}", "sha256": "{{cap.Sha256}}"}
        applets  {{(cap.Applets.Count == 0 ? "none" : string.Join(", ", cap.Applets))}}
        imports  {{string.Join(", ", cap.Imports.Select(import => $"{import.Package} {import.Version}"))}}
        CAP format {{cap.Format}}{{Packages(cap)}}, {{cap.FileLength}} bytes, of which {{cap.Block.Length}} are loaded: {{string.Join(", ", cap.Components.Select(part => part.Tag))}}
        load file hashes  SHA-1 {{cap.HashOf(LoadFileHash.Sha1)}}, SHA-256 {{cap.HashOf(LoadFileHash.Sha256)}}
        """;
}
