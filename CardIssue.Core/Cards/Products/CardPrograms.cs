using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>Application programs by the SHA-256 of their files: what a plan takes the bytes from that it loads.</summary>
public sealed class CardPrograms
{
    private readonly Dictionary<ByteString, CapFile> _programs;

    /// <summary>These programs.</summary>
    public CardPrograms(params IEnumerable<CapFile> programs)
    {
        ArgumentNullException.ThrowIfNull(programs);
        _programs = programs.DistinctBy(program => program.Sha256).ToDictionary(program => program.Sha256);
    }

    /// <summary>None at all.</summary>
    internal static CardPrograms None { get; } = new([]);

    /// <summary>The program whose file has this hash; null when it is not there.</summary>
    /// <param name="sha256">SHA-256 of the CAP file, 32 bytes.</param>
    public CapFile? Find(ByteString sha256) => _programs.GetValueOrDefault(sha256);
}
