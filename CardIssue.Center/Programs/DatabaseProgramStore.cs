using CardIssue.Center.People;
using CardIssue.Center.Products;
using CardIssue.Center.Storage;
using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Programs;

/// <summary>Programs in the center's store.</summary>
public sealed class DatabaseProgramStore(CenterDatabase database) : IProgramStore
{
    /// <summary>The most programs of a center.</summary>
    public const int MaxPrograms = 1_000;

    /// <inheritdoc/>
    public async Task<ProgramChange> AddAsync(string name, ByteString file, CenterPerson person, CancellationToken cancellation = default)
    {
        if (!NameRule.Accepts(name))
            throw new ArgumentException($"a program's name is 1 to {NameRule.MaxLength} of A-Z a-z 0-9 . _ -", nameof(name));
        if (!CapFile.TryRead(file, out var cap, out var error)) throw new ArgumentException(error, nameof(file));
        return await ChangeAsync(person, connection =>
        {
            var known = Entries(connection, "sha256 = $sha256 OR name = $name", ("$sha256", cap.Sha256), ("$name", name));
            if (known is [var same] && same.Name == name && same.Sha256 == cap.Sha256) return ProgramChange.Done;
            if (known.Count > 0) return ProgramChange.Known;
            if (connection.Number("SELECT count(*) FROM programs") >= MaxPrograms) return ProgramChange.Full;
            connection.Execute("""
                INSERT INTO programs (sha256, name, package, version, length, body, added_at, added_by)
                VALUES ($sha256, $name, $package, $version, $length, $body, $now, $by)
                """,
                ("$sha256", cap.Sha256), ("$name", name), ("$package", cap.Package.Value), ("$version", cap.Version.ToString()),
                ("$length", file.Length), ("$body", file), ("$now", database.Now), ("$by", person.Name.Value));
            connection.Log(ConsoleLog.Of("ProgramAdded", new
            {
                person = person.Name.Value, name, sha256 = cap.Sha256.ToString(), package = cap.Package.ToString(),
                version = cap.Version.ToString(), bytes = file.Length,
            }));
            return ProgramChange.Done;
        }, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<CapFile?> GetAsync(ByteString sha256, CancellationToken cancellation = default) =>
        database.ReadAsync(connection => ProgramTable.Find(connection, sha256), cancellation);

    /// <inheritdoc/>
    public Task<CardPrograms> OfAsync(CardProduct product, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(product);
        return database.ReadAsync(connection => ProgramTable.Of(connection, product), cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ProgramEntry>> ListAsync(CancellationToken cancellation = default) =>
        await database.ReadAsync(connection => Entries(connection, "1 = 1"), cancellation).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ProductRef>> UsersOfAsync(ByteString sha256, CancellationToken cancellation = default) =>
        database.ReadAsync(connection => ProgramTable.UsersOf(connection, sha256), cancellation);

    /// <inheritdoc/>
    public Task<ProgramChange> RemoveAsync(ByteString sha256, CenterPerson person, CancellationToken cancellation = default) =>
        ChangeAsync(person, connection =>
        {
            if (Entries(connection, "sha256 = $sha256", ("$sha256", sha256)) is not [var known]) return ProgramChange.NotFound;
            if (ProgramTable.UsersOf(connection, sha256).Count > 0) return ProgramChange.InUse;
            connection.Execute("DELETE FROM programs WHERE sha256 = $sha256", ("$sha256", sha256));
            connection.Log(ConsoleLog.Of("ProgramRemoved", new { person = person.Name.Value, name = known.Name, sha256 = sha256.ToString() }));
            return ProgramChange.Done;
        }, cancellation);

    private async Task<ProgramChange> ChangeAsync(
        CenterPerson person, Func<StoreTransaction, ProgramChange> change, CancellationToken cancellation)
    {
        database.Check(person);
        return await database.WriteAsync(
            transaction => person.MayNow(transaction, PersonRoles.Supervisor) ? change(transaction) : ProgramChange.NotAllowed,
            cancellation).ConfigureAwait(false);
    }

    private static IReadOnlyList<ProgramEntry> Entries(
        StoreView connection, string where, params ReadOnlySpan<(string Name, object? Value)> values) =>
        connection.Query(
            $"SELECT name, sha256, package, version, length, added_at, added_by FROM programs WHERE {where} ORDER BY name", Read, values);

    private static ProgramEntry Read(StoredRow row) => new(
        row.Text("name")!, row.Bytes("sha256")!.Value, new Aid(row.Bytes("package")!.Value), row.Text("version")!, row.Int("length"),
        row.Time("added_at")!.Value, row.Text("added_by")!);
}
