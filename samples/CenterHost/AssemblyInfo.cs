using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("CardIssue.Test")]
