using CardIssue.Center.People;
using CardIssue.Center.Storage;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Terminals;

/// <summary>Enrolment, renewal and removal of terminals, in the center's store.</summary>
public sealed partial class DatabaseTerminalRegistry
{
    /// <inheritdoc/>
    public async Task<TerminalChange> InviteAsync(TerminalInvitation enrolment, CenterPerson person,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(enrolment);
        if (FaultOf(enrolment) is { } fault) throw new ArgumentException($"terminal {enrolment.Terminal}: {fault}", nameof(enrolment));
        return await ChangeAsync(person, connection =>
        {
            if (TerminalRecord.IsWideOver(enrolment.Networks)
                || TerminalTable.Find(connection, enrolment.Terminal) is { Enabled: false, Removed: false })
                return TerminalChange.NeedsApproval;
            Forget(connection, enrolment.Terminal);
            connection.Insert(SealedTable.Enrolments, """
                INSERT INTO enrolments (terminal, lines, networks, verifier, made_by, made_at, expires_at)
                VALUES ($terminal, $lines, $networks, $verifier, $by, $now, $expires)
                """,
                ("$terminal", enrolment.Terminal), ("$lines", string.Join(' ', enrolment.Lines)),
                    ("$networks", string.Join(' ', enrolment.Networks)),
                ("$verifier", enrolment.Verifier), ("$by", person.Name.Value), ("$now", database.Now), ("$expires", enrolment.ExpiresAt));
            connection.Log(ConsoleLog.Of("TerminalInvited", new
            {
                person = person.Name.Value, lines = enrolment.Lines.Select(line => line.Value),
                addresses = enrolment.Networks.Select(network => network.ToString()), until = enrolment.ExpiresAt.UtcDateTime,
            }, terminal: enrolment.Terminal));
            return TerminalChange.Done;
        }, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TerminalInvitation>> InvitationsAsync(CancellationToken cancellation = default) =>
        await database.ReadAsync(
            connection => connection.Query(SealedTable.Enrolments, "1 = 1 ORDER BY terminal", ReadInvitation), cancellation)
            .ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<TerminalInvitation?> InvitationAsync(TerminalId terminal, CancellationToken cancellation = default) =>
        database.ReadAsync(connection => Enrolment(connection, terminal), cancellation);

    /// <inheritdoc/>
    public Task<bool> AwaitsAsync(LinePeer peer, CancellationToken cancellation = default) => database.ReadAsync(connection =>
        connection.Query(SealedTable.Enrolments, "expires_at > $now AND used_at IS NULL", ReadInvitation,
            ("$now", database.Now)).Exists(enrolment => enrolment.Fits(peer) && IsStoodFor(connection, enrolment)),
        cancellation);

    /// <inheritdoc/>
    public Task<(int OfPlace, int InAll)> EnrolmentTriesAsync(TerminalId terminal, LinePlace place,
        CancellationToken cancellation = default) =>
        database.ReadAsync(connection => (
            (int)connection.Number("SELECT count(*) FROM enrolment_tries WHERE terminal = $terminal AND place = $place",
                ("$terminal", terminal), ("$place", place.ToString())),
            (int)connection.Number("SELECT count(*) FROM enrolment_tries WHERE terminal = $terminal", ("$terminal", terminal))),
                cancellation);

    /// <inheritdoc/>
    public Task CountEnrolmentTryAsync(TerminalId terminal, LinePlace place, CancellationToken cancellation = default) =>
        database.WriteAsync(connection =>
            connection.Execute("INSERT INTO enrolment_tries (terminal, place, at) VALUES ($terminal, $place, $now)",
            ("$terminal", terminal), ("$place", place.ToString()), ("$now", database.Now)), cancellation);

    /// <inheritdoc/>
    public Task<EnrolmentEnd> EnrolAsync(TerminalInvitation enrolment, TerminalKeys keys, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(enrolment);
        ArgumentNullException.ThrowIfNull(keys);
        var record = enrolment.ToRecord(keys);
        return database.WriteAsync(connection =>
        {
            if (Enrolment(connection, enrolment.Terminal) is not { } now || now.Verifier != enrolment.Verifier
                || now.ExpiresAt <= database.Now)
                return EnrolmentEnd.NoCode;
            var known = TerminalTable.Find(connection, enrolment.Terminal);
            if (now.UsedAt is not null) return known?.Keys == keys && known.Enabled ? EnrolmentEnd.Known : EnrolmentEnd.Used;
            if (!IsStoodFor(connection, now)) return EnrolmentEnd.NoCode;
            if (known is { Enabled: false, Removed: false }) return EnrolmentEnd.NotNow;
            if (TerminalTable.Twin(connection, record) is not null || (known is { Removed: true } && IsSame(known, record)))
                return EnrolmentEnd.SameCredential;
            TerminalTable.Put(connection, record, database.Now);
            connection.Update(SealedTable.Enrolments, "used_at = $now", "terminal = $terminal", ("$now", database.Now),
                ("$terminal", enrolment.Terminal));
            connection.Log(ConsoleLog.Of("TerminalKnown", new { person = now.MadeBy, terminal = TerminalTable.View(record) },
                terminal: enrolment.Terminal));
            return EnrolmentEnd.Known;
        }, cancellation);
    }

    /// <inheritdoc/>
    public Task<EnrolmentEnd> RenewAsync(TerminalRecord present, TerminalKeys next, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(present);
        ArgumentNullException.ThrowIfNull(next);
        return database.WriteAsync(connection =>
        {
            if (TerminalTable.Find(connection, present.Terminal) is not { Enabled: true } known || known.Keys != present.Keys)
                return EnrolmentEnd.NotNow;
            if (known.Next == next) return EnrolmentEnd.Known;
            var renewed = present.With(next);
            if (TerminalTable.Twin(connection, renewed) is not null || IsSame(known, renewed)) return EnrolmentEnd.SameCredential;
            TerminalTable.SetNext(connection, present.Terminal, next, database.Now);
            connection.Log(new LogEntry("store", present.Terminal, null, null, LogDirection.None, 0, "TerminalKeysRenewed",
                TerminalTable.KeysText(next)));
            return EnrolmentEnd.Known;
        }, cancellation);
    }

    /// <inheritdoc/>
    public Task<bool> TakeNextKeysAsync(TerminalId terminal, TerminalKeys next, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(next);
        return database.WriteAsync(connection =>
        {
            if (TerminalTable.Find(connection, terminal) is not { Enabled: true } known || known.Next != next) return false;
            TerminalTable.Put(connection, known.With(next), database.Now);
            connection.Log(new LogEntry("store", terminal, null, null, LogDirection.None, 0, "TerminalKeysTaken",
                TerminalTable.KeysText(next)));
            return true;
        }, cancellation);
    }

    /// <inheritdoc/>
    public Task<TerminalChange> RemoveAsync(TerminalId terminal, CenterPerson person, CancellationToken cancellation = default) =>
        ChangeAsync(person, connection =>
    {
        var invited = Forget(connection, terminal);
        if (TerminalTable.Find(connection, terminal) is not { Removed: false })
        {
            if (invited) connection.Log(ConsoleLog.Of("InvitationRemoved", new { person = person.Name.Value }, terminal: terminal));
            return invited ? TerminalChange.Done : TerminalChange.NotFound;
        }
        connection.Delete(SealedTable.Readers, "terminal = $terminal", ("$terminal", terminal));
        connection.Execute("DELETE FROM reader_requests WHERE terminal = $terminal", ("$terminal", terminal));
        TerminalTable.Remove(connection, terminal, database.Now);
        connection.Log(ConsoleLog.Of("TerminalRemoved", new { person = person.Name.Value }, terminal: terminal));
        return TerminalChange.Done;
    }, cancellation, PersonRoles.Clerk | PersonRoles.Supervisor);

    /// <summary>Whoever made a code lets the terminal in, at the moment when it comes: who was locked meanwhile, or lost the role, does not any more.</summary>
    private static bool IsStoodFor(StoreView connection, TerminalInvitation enrolment) =>
        PersonRow.May(connection, new PersonName(enrolment.MadeBy), PersonRoles.Supervisor);

    /// <summary>Whether a terminal would keep a key of before under the same name: then it is not another one.</summary>
    private static bool IsSame(TerminalRecord known, TerminalRecord renewed) => known.CredentialKey == renewed.CredentialKey
        || known.AgreementKey == renewed.AgreementKey || (!renewed.Certificate.IsEmpty && known.Certificate == renewed.Certificate);

    private static bool Forget(StoreTransaction connection, TerminalId terminal)
    {
        connection.Execute("DELETE FROM enrolment_tries WHERE terminal = $terminal", ("$terminal", terminal));
        return connection.Delete(SealedTable.Enrolments, "terminal = $terminal", ("$terminal", terminal)) > 0;
    }

    private string? FaultOf(TerminalInvitation enrolment) =>
        TerminalRecord.PlaceFault(enrolment.Lines, enrolment.Networks) is { } fault ? fault
        : enrolment.Verifier.IsEmpty ? "there is no code"
        : enrolment.ExpiresAt <= database.Now || enrolment.ExpiresAt > database.Now + TerminalInvitation.MaxValidity
            ? $"a code is good for at most {TerminalInvitation.MaxValidity.TotalDays} days, and not in the past"
        : null;

    private static TerminalInvitation? Enrolment(StoreView connection, TerminalId terminal) =>
        connection.Query(SealedTable.Enrolments, "terminal = $terminal", ReadInvitation, ("$terminal", terminal)).FirstOrDefault();

    private static TerminalInvitation ReadInvitation(StoredRow row) => new(
        new TerminalId(row.Text("terminal")!), TerminalTable.Lines(row), TerminalTable.Networks(row), row.Bytes("verifier")!.Value,
            row.Time("expires_at")!.Value)
    {
        MadeBy = row.Text("made_by")!, MadeAt = row.Time("made_at")!.Value, UsedAt = row.Time("used_at"),
    };
}
