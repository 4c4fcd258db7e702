using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Programs;

/// <summary>What became of a change of the programs.</summary>
public enum ProgramChange
{
    /// <summary>Done; also where the same file is there already under that name.</summary>
    Done,
    /// <summary>There is no such program.</summary>
    NotFound,
    /// <summary>The person has not the role for it.</summary>
    NotAllowed,
    /// <summary>Another file has the name, or the file has another name.</summary>
    Known,
    /// <summary>A product names it.</summary>
    InUse,
    /// <summary>There are as many as there may be.</summary>
    Full,
}

/// <summary>A program as the center knows it, without its file.</summary>
/// <param name="Name">What people call it, by <see cref="NameRule"/>.</param>
/// <param name="Sha256">SHA-256 of its file, 32 bytes: what products call it.</param>
/// <param name="Package">Its package.</param>
/// <param name="Version">The package's version, such as 1.0.</param>
/// <param name="Length">The file's length in bytes.</param>
/// <param name="AddedAt">When it came in, UTC.</param>
/// <param name="AddedBy">Who brought it.</param>
public sealed record ProgramEntry(
    string Name, ByteString Sha256, Aid Package, string Version, int Length, DateTimeOffset AddedAt, string AddedBy);

/// <summary>The application programs that the center has, each once, by its hash.</summary>
/// <remarks>Every call throws <see cref="StoreException"/> when the store cannot be read or written.</remarks>
public interface IProgramStore
{
    /// <summary>Adds a program.</summary>
    /// <param name="name">What people call it.</param>
    /// <param name="file">Its CAP file.</param>
    /// <param name="person">Who brings it: a supervisor.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="ArgumentException">The name is none, or the file is no CAP file.</exception>
    Task<ProgramChange> AddAsync(string name, ByteString file, CenterPerson person, CancellationToken cancellation = default);

    /// <summary>The program of that hash; null when it is not there.</summary>
    Task<CapFile?> GetAsync(ByteString sha256, CancellationToken cancellation = default);

    /// <summary>The programs that a product names, as far as they are there.</summary>
    Task<CardPrograms> OfAsync(CardProduct product, CancellationToken cancellation = default);

    /// <summary>All, by name.</summary>
    Task<IReadOnlyList<ProgramEntry>> ListAsync(CancellationToken cancellation = default);

    /// <summary>The product versions that name a program, for which it can't be removed.</summary>
    Task<IReadOnlyList<ProductRef>> UsersOfAsync(ByteString sha256, CancellationToken cancellation = default);

    /// <summary>Removes a program that no product names.</summary>
    Task<ProgramChange> RemoveAsync(ByteString sha256, CenterPerson person, CancellationToken cancellation = default);
}
