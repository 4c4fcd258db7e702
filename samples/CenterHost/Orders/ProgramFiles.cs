using System.CommandLine;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Orders;

/// <summary>Application programs in CAP files, for who looks into no center: there they are the center's.</summary>
internal sealed class ProgramFiles
{
    private const string Name = "--program";

    private ProgramFiles(IReadOnlyList<ByteString> files, CardPrograms programs) => (Files, Programs) = (files, programs);

    /// <summary>The files as they are.</summary>
    public IReadOnlyList<ByteString> Files { get; }

    public CardPrograms Programs { get; }

    public static Option<FileInfo[]> Option() => new(Name)
    {
        Description = "A CAP file that the product loads, where no center is looked into; may be given several times.", HelpName = "FILE",
        DefaultValueFactory = _ => [],
    };

    /// <exception cref="CommandException">A file is no CAP file.</exception>
    public static ProgramFiles Read(IReadOnlyList<FileInfo> files)
    {
        var (bytes, caps) = (new List<ByteString>(), new List<CapFile>());
        foreach (var file in files)
        {
            var content = ByteString.Own(InputFile.ReadAll(file.ToString(), CapFile.MaxFile));
            if (!CapFile.TryRead(content, out var cap, out var error)) throw new CommandException(ExitCode.Usage, $"{file}: {error}.");
            bytes.Add(content);
            caps.Add(cap);
        }
        return new ProgramFiles(bytes, new CardPrograms(caps));
    }

    /// <summary>What a product names and no file is.</summary>
    public IEnumerable<string> Lacks(CardProduct product) => product.Programs.Where(named => Programs.Find(named.Sha256) is null)
        .Select(named => $"program {named.Name}, package {named.Package} {named.Version}, SHA-256 {named.Sha256}");

    /// <exception cref="CommandException">A product's program was not given, or is not what the product says.</exception>
    public void Demand(IEnumerable<KnownProduct> products)
    {
        foreach (var known in products)
        {
            if (Lacks(known.Product).FirstOrDefault() is { } lack)
                throw new CommandException(ExitCode.Usage, $"{known.Record.Ref} names {lack}: give its CAP file with {Name} FILE.");
            if (ProgramRules.Check(known.Product, Programs) is [var fault, ..])
                throw new CommandException(ExitCode.Usage, $"{known.Record.Ref}: {fault.Message}.");
        }
    }
}
